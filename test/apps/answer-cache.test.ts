import { expect, test } from 'vitest'
import { type AnswerScope, createAnswerCache } from '#api/answer-cache.ts'
import type { View } from '#core/history/head.ts'
import { openRig } from './api-rig.ts'
import { fakeErc721, fakeErc1155 } from '../fakes/fake-chain.ts'

const view = (move: number): View =>
  ({ head: { move, digest: { events: `0x${'a'.repeat(64)}` } } }) as unknown as View

test('what was answered to one person is found by no other, whatever they are called or ask', async () => {
  const cache = createAnswerCache()
  const request = '/v1/points'
  cache.set({ person: 'alice' }, view(1), request, 'of alice')
  expect(cache.get({ person: 'alice' }, view(1), request)).toBe('of alice')
  const others: AnswerScope[] = [
    'anyone',
    { person: 'bob' },
    { person: '' },
    { person: 'alice ' },
    { person: 'alice"},"1-aa' },
    { person: '{"person":"alice"}' },
    { person: 'anyone' },
  ]
  const requests = [request, `${request} `, `{"person":"alice"} ${request}`, `alice ${request}`, '']
  for (const scope of others)
    for (const asked of requests) {
      expect(cache.get(scope, view(1), asked)).toBeUndefined()
      const own = { text: 'own', isLive: false }
      // oxlint-disable-next-line no-await-in-loop -- each is asked for alone
      expect(await cache.share(scope, view(1), asked, async () => own)).toBe(own)
    }
  expect(cache.get({ person: 'alice' }, view(2), request)).toBeUndefined()
})

test('what is being computed for one person is waited for by no other', async () => {
  const cache = createAnswerCache()
  const { promise, resolve } = Promise.withResolvers<{ text: string; isLive: boolean }>()
  const ofAlice = cache.share({ person: 'alice' }, view(1), '/me', () => promise)
  const own = { text: 'of bob', isLive: true }
  expect(await cache.share({ person: 'bob' }, view(1), '/me', async () => own)).toBe(own)
  resolve({ text: 'of alice', isLive: true })
  expect((await ofAlice).text).toBe('of alice')
})

test('equal requests at once are one computation, also where it fails, and the next is another', async () => {
  const cache = createAnswerCache()
  let computed = 0
  const fail = async () => {
    computed++
    await Promise.resolve()
    throw new Error('away')
  }
  const asked = Array.from({ length: 5 }, () => cache.share('anyone', view(1), '/x', fail))
  for (const each of await Promise.allSettled(asked)) expect(each.status).toBe('rejected')
  expect(computed).toBe(1)
  const live = async () => ({ text: `live ${++computed}`, isLive: true })
  expect((await cache.share('anyone', view(1), '/x', live)).text).toBe('live 2')
  expect((await cache.share('anyone', view(1), '/x', live)).text).toBe('live 3')
})

test('many tiny answers are bounded by what they hold, not by their text', () => {
  const cache = createAnswerCache()
  for (let n = 0; n < 100_000; n++) cache.set('anyone', view(1), `/${n}`, '{}')
  let kept = 0
  for (let n = 0; n < 100_000; n++) if (cache.get('anyone', view(1), `/${n}`)) kept++
  expect(kept).toBeLessThan(60_000)
  expect(kept).toBeGreaterThan(1_000)
})

test('a collection that is not indexed is not found, which is not the same as an owner without any', async () => {
  await using rig = await openRig({ blocks: 10 })
  const other = `0x${'9'.repeat(40)}`
  const nobody = `0x${'8'.repeat(40)}`
  for (const path of [
    `/v1/collections/${other}/holdings`,
    `/v1/collections/${other}/holders`,
    `/v1/collections/${other}/holdings?owner=${nobody}`,
    `/v1/accounts/${nobody}/holdings?collection=${other}`,
  ]) {
    const response = await rig.get(path)
    expect(response.status, path).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'NOT_INDEXED' })
  }
  const { errors } = await rig.query(`{ holdings(collection: "${other}") { nodes { tokenId } } }`)
  expect(errors?.[0]?.extensions.code).toBe('NOT_INDEXED')
  for (const collection of [fakeErc721, fakeErc1155])
    expect(
      (await rig.json(`/v1/accounts/${nobody}/holdings?collection=${collection}`)).items,
    ).toEqual([])
  expect((await rig.json(`/v1/accounts/${nobody}/holdings`)).items).toEqual([])
})
