import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { createMemoryTokenStore } from '#adapters/memory/token-store.ts'
import type { StoredToken, TokenLook } from '#core/tokens/ports.ts'

export const REFUSES: TokenLook = { symbol: null, name: null, decimals: null, isProven: true }
export const FAILS: TokenLook = { ...REFUSES, isProven: false }
export const tells = (symbol: string, decimals = 18): TokenLook => ({
  symbol,
  name: symbol,
  decimals,
  isProven: true,
})

/** A chain of tokens, a store of them, and a clock, all to be changed at will. */
export function createTokenWorld() {
  const kept = new Map<string, StoredToken>()
  const world = {
    looks: new Map<Address, TokenLook>(),
    kept,
    tokens: createMemoryTokenStore(kept),
    /** The newest block of the node, and of the history; undefined: nothing is indexed. */
    number: 100,
    head: 100 as number | undefined,
    isAway: false,
    ms: 0,
    requests: 0,
    asked: [] as Address[],
    underWay: 0,
    most: 0,
    source: {
      async read(addresses: readonly Address[]): Promise<{ number: number; looks: TokenLook[] }> {
        world.requests++
        world.asked.push(...addresses)
        world.most = Math.max(world.most, ++world.underWay)
        await new Promise((resolve) => setImmediate(resolve))
        world.underWay--
        if (world.isAway) throw new AppError('unavailable', 'chain.rpc: no endpoint answers')
        const looks = addresses.map((address) => world.looks.get(address) ?? REFUSES)
        return { number: world.number, looks }
      },
    },
    views: {
      current: async (): Promise<View | undefined> =>
        world.head === undefined ? undefined : ({ head: { number: world.head } } as View),
    },
    clock: {
      nowMs: (): number => 1_700_000_000_000 + world.ms,
      monotonicMs: (): number => world.ms,
      async sleep(ms: number): Promise<void> {
        world.ms += ms
        await new Promise((resolve) => setImmediate(resolve))
      },
    } satisfies Clock,
  }
  return world
}
