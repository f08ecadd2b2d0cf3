import { describe, expect, test } from 'vitest'
import type { IdempotentAnswers, KeptAnswer } from '#core/access/ports.ts'
import type { Hash } from '#core/chain.ts'

const request: Hash = `0x${'11'.repeat(32)}`
const other: Hash = `0x${'22'.repeat(32)}`
const answer: KeptAnswer = { status: 201, type: 'application/json', body: '{"item":1}' }

/** What every keeper of idempotent answers does. */
export function idempotentAnswersContract(name: string, open: () => IdempotentAnswers): void {
  describe(`idempotent answers in ${name}`, () => {
    test('a new key is claimed once, however many ask for it at once', async () => {
      const answers = open()
      const claims = await Promise.all(
        Array.from({ length: 20 }, () => answers.claim('alice', 'key', request)),
      )
      const statuses = claims.map(({ status }) => status).toSorted()
      expect(statuses).toEqual(['claimed', ...Array(19).fill('under-way')])
    })

    test('an answer that is kept is found again, as it was', async () => {
      const answers = open()
      await answers.claim('alice', 'key', request)
      await answers.keep('alice', 'key', answer)
      for (const _ of [1, 2])
        expect(await answers.claim('alice', 'key', request)).toEqual({ status: 'answered', answer })
    })

    test('a key that was used for another request says so, before its answer is there and after', async () => {
      const answers = open()
      await answers.claim('alice', 'key', request)
      expect(await answers.claim('alice', 'key', other)).toEqual({ status: 'other-request' })
      await answers.keep('alice', 'key', answer)
      expect(await answers.claim('alice', 'key', other)).toEqual({ status: 'other-request' })
    })

    test('the same key in another scope is another key', async () => {
      const answers = open()
      await answers.claim('alice', 'key', request)
      await answers.keep('alice', 'key', answer)
      for (const scope of ['bob', 'alice ', 'alicek', ''])
        expect(await answers.claim(scope, 'key', request)).toEqual({ status: 'claimed' })
    })

    test('a key that was released is new again; one with an answer is not', async () => {
      const answers = open()
      await answers.claim('alice', 'key', request)
      await answers.release('alice', 'key')
      expect(await answers.claim('alice', 'key', other)).toEqual({ status: 'claimed' })
      await answers.keep('alice', 'key', answer)
      await answers.release('alice', 'key')
      expect(await answers.claim('alice', 'key', other)).toEqual({ status: 'answered', answer })
    })
  })
}
