import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import { pathText } from './path-text.ts'
import { section } from './section.ts'
import { address, feePips, toAddress } from './values.ts'

/** A Uniswap V4 pool with a static fee and without hooks; tokens sorted. */
export type PoolV4Setting = {
  readonly manager: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly tickSpacing: number
}

/** What quotes need beyond the sources. */
export type QuotesSettings = {
  readonly router: Address | null
  readonly wrappedNative: Address | null
  readonly nativeSymbol: string
  readonly hubs: readonly Address[]
  readonly pools: readonly PoolV4Setting[]
}

/** Each is looked at in every search; chains have a handful. */
const HUBS_MAX = 32
/** They are looked at in every search of their tokens. */
const QUOTED_POOLS_MAX = 1_000

const poolV4 = z.strictObject({
  protocol: z.literal('uniswap-v4'),
  manager: address.meta({ description: 'The PoolManager that keeps it' }),
  token0: address,
  token1: address,
  fee: feePips,
  tickSpacing: z.int().min(1).max(32_767, 'more than any pool has'),
})

const schema = z.strictObject({
  router: address.optional().meta({
    description:
      'Uniswap’s SwapRouter02, or a fork of it over the factories that are indexed: transactions are made for it, and tried out on it',
  }),
  wrappedNative: address
    .optional()
    .meta({ description: 'What gas is paid in, as a token; with it routes are ranked after gas' }),
  nativeSymbol: z
    .string()
    .regex(/^[!-~]{1,12}$/, 'not 1 to 12 letters, digits or signs')
    .default('ETH')
    .meta({ description: 'What the chain’s own currency is called' }),
  hubs: z
    .array(address)
    .max(HUBS_MAX, `more than ${HUBS_MAX}`)
    .default([])
    .meta({ description: 'Tokens that routes pass through where there are many pools' }),
  pools: z
    .array(poolV4)
    .max(QUOTED_POOLS_MAX, `more than ${QUOTED_POOLS_MAX}`)
    .default([])
    .meta({ description: 'Uniswap V4 pools with a static fee and without hooks' }),
})

type Raw = z.output<typeof schema>

export const quotesSection = section({
  schema: schema.prefault({}),
  toSettings: toQuotes,
  faults: describeQuotes,
})

/** A hub or a pool that is named twice is most likely another one misspelt. */
function describeQuotes({ hubs, pools }: Raw): string[] {
  const seen = new Map<string, string>()
  const faults: string[] = []
  const refuseSeen = (what: string, path: string, text: string): void => {
    const first = seen.get(what)
    if (first) faults.push(`${path}: ${text} is ${first} already`)
    else seen.set(what, path)
  }
  for (const [index, hub] of hubs.entries()) {
    const token = hub.toLowerCase()
    refuseSeen(token, pathText(['quotes', 'hubs', index]), token)
  }
  for (const [index, pool] of pools.entries()) {
    const path = ['quotes', 'pools', index]
    refuseSeen(JSON.stringify(toPoolV4(pool)), pathText(path), 'the pool')
    if (pool.token0.toLowerCase() >= pool.token1.toLowerCase())
      faults.push(`${pathText([...path, 'token0'])}: pools sort their tokens; swap the two`)
  }
  return faults
}

function toQuotes({ router, wrappedNative, nativeSymbol, hubs, pools }: Raw): QuotesSettings {
  return {
    nativeSymbol,
    router: router === undefined ? null : toAddress(router),
    wrappedNative: wrappedNative === undefined ? null : toAddress(wrappedNative),
    hubs: hubs.map(toAddress),
    pools: pools.map(toPoolV4),
  }
}

const toPoolV4 = (pool: Raw['pools'][number]): PoolV4Setting => ({
  manager: toAddress(pool.manager),
  token0: toAddress(pool.token0),
  token1: toAddress(pool.token1),
  feePips: pool.fee,
  tickSpacing: pool.tickSpacing,
})
