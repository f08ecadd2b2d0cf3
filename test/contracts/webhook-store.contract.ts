import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { firstProgress } from '#core/webhooks/first-progress.ts'
import type { Webhook, WebhookStore } from '#core/webhooks/ports.ts'

const webhookOf = (id: string, owner = 'operator'): Webhook => ({
  id,
  owner,
  url: 'https://example.org/hook',
  secret: 'whsec_AAAA',
  chainId: 1,
  topics: ['swaps', 'nft-transfers'],
  addresses: [`0x${'ab'.repeat(20)}`],
  createdAtMs: 5,
})
const hash = `0x${'1'.repeat(64)}` as const

/** What every store of webhooks does. @param open a store that holds nothing */
export function webhookStoreContract(
  name: string,
  open: () => Promise<{ readonly store: WebhookStore; dispose(): Promise<void> }>,
): void {
  describe(`webhooks in ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let store: WebhookStore
    beforeEach(async () => {
      opened = await open()
      ;({ store } = opened)
    })
    afterEach(() => opened.dispose())

    test('a webhook is listed as it was added, of its owner and up to a limit', async () => {
      expect(await store.add(webhookOf('b'), 2, null)).toBe(true)
      expect(await store.add(webhookOf('a'), 2, null)).toBe(true)
      expect(await store.add(webhookOf('c'), 2, null)).toBe(false)
      expect(await store.add({ ...webhookOf('d', 'ann'), addresses: null }, 2, null)).toBe(true)
      expect(await store.list('operator')).toEqual([webhookOf('a'), webhookOf('b')])
      expect((await store.list(null)).map(({ id }) => id)).toEqual(['a', 'b', 'd'])
      expect(await store.progress('c')).toBeUndefined()
    })

    test('progress takes the place of the version before alone, and goes with its webhook', async () => {
      const begin = { number: 0, hash, commit: 'b', logIndex: null, move: 2, finalized: -1 }
      await store.add(webhookOf('a'), 9, begin)
      const first = firstProgress('a', begin)
      expect(await store.progress('a')).toEqual(first)
      const cursor = { number: 1, hash, commit: 'c', logIndex: null, move: 3, finalized: -1 }
      const second = { ...first, version: 2, cursor, toldTo: 1, lastError: 'it answered HTTP 500' }
      expect(await store.putProgress(first)).toBe(false)
      expect(await store.putProgress({ ...second, version: 3 })).toBe(false)
      expect(await store.putProgress(second)).toBe(true)
      expect(await store.progress('a')).toEqual(second)
      expect(await store.remove('a', 'ann')).toBe(false)
      expect(await store.remove('a', 'operator')).toBe(true)
      expect(await store.remove('a', null)).toBe(false)
      expect(await store.progress('a')).toBeUndefined()
      expect(await store.putProgress({ ...second, version: 3 })).toBe(false)
    })
  })
}
