import { expect, test } from 'vitest'
import type { StoredToken, TokenStore } from '#core/tokens/ports.ts'
import { addressOf } from '../fakes/encode.ts'

const CHAIN_ID = 31_337

const token = (n: number, number = 10, words: Partial<StoredToken> = {}): StoredToken => ({
  address: addressOf(n),
  symbol: `T${n}`,
  name: `Token ${n} 柴犬`,
  decimals: 18,
  number,
  readAtMs: 1_700_000_000_000 + number,
  ...words,
})

/** What every store of tokens' words does, over connections to the same data. */
export function tokenStoreContract(
  connect: () => Promise<TokenStore>,
  isLocking: () => boolean,
): void {
  test('tokens are read in the order that they are asked for, by every connection', async () => {
    const [writer, reader] = [await connect(), await connect()]
    const asked = [3, 1, 2].map(addressOf)
    expect(await reader.read(CHAIN_ID, asked)).toEqual([undefined, undefined, undefined])
    await writer.put(CHAIN_ID, [token(1), token(3)])
    for (const each of [writer, reader])
      expect(await each.read(CHAIN_ID, asked)).toEqual([token(3), token(1), undefined])
  })

  test('a token whose contract refuses is stored as such', async () => {
    const store = await connect()
    const refused = token(1, 10, { symbol: null, name: null, decimals: null })
    await store.put(CHAIN_ID, [refused, token(2, 10, { decimals: 0, name: null })])
    expect(await store.read(CHAIN_ID, [1, 2].map(addressOf))).toEqual([
      refused,
      token(2, 10, { decimals: 0, name: null }),
    ])
  })

  test('what was read at a higher block stays, whichever comes first', async () => {
    const store = await connect()
    const [older, newer] = [token(1, 10), token(1, 11, { symbol: 'NEW' })]
    const read = () => store.read(CHAIN_ID, [addressOf(1)])
    await store.put(CHAIN_ID, [older])
    await store.put(CHAIN_ID, [newer, token(2)])
    expect(await read()).toEqual([newer])
    await store.put(CHAIN_ID, [older, token(3)])
    expect(await read()).toEqual([newer])
    // Read again at the same block: the later answer counts.
    const again = { ...newer, symbol: 'AGAIN' }
    await store.put(CHAIN_ID, [again])
    expect(await read()).toEqual([again])
    expect(await store.read(CHAIN_ID, [2, 3].map(addressOf))).toEqual([token(2), token(3)])
  })

  test('the same address on another chain is another token', async () => {
    const store = await connect()
    await store.put(CHAIN_ID, [token(1)])
    await store.put(1, [token(1, 5, { symbol: 'ONE' })])
    expect(await store.read(CHAIN_ID, [addressOf(1)])).toEqual([token(1)])
    expect(await store.read(1, [addressOf(1)])).toEqual([token(1, 5, { symbol: 'ONE' })])
    expect(await store.read(2, [addressOf(1)])).toEqual([undefined])
  })

  test('many writers of the same tokens at once leave one of each', async () => {
    const stores = await Promise.all(Array.from({ length: 3 }, connect))
    const many = Array.from({ length: 50 }, (_, n) => token(n + 1))
    // Connections of one thread that keep one another out cannot wait for one another.
    if (isLocking()) for (const store of stores) await store.put(CHAIN_ID, many)
    else await Promise.all(stores.map((store) => store.put(CHAIN_ID, many)))
    const read = await stores[0]?.read(
      CHAIN_ID,
      many.map(({ address }) => address),
    )
    expect(read).toEqual(many)
  })

  test('no tokens are nothing to do', async () => {
    const store = await connect()
    await store.put(CHAIN_ID, [])
    expect(await store.read(CHAIN_ID, [])).toEqual([])
  })
}
