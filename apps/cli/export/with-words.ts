import type { Address } from '#core/chain.ts'
import { readPools } from '#core/dex/quoting/pool-catalog.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import type { TokenInfo, TokenTable } from '#core/tokens/ports.ts'
import { infoOf } from '#core/tokens/token-words.ts'
import { type SideDecimals, tokensOf } from '#resources/json.ts'
import type { Words } from './format.ts'
import type { ExportSubject } from './read-rows.ts'

/**
 * What amounts and prices are written in. `raw`: raw units; `whole`: whole tokens; `as-api`: as the API has them, amounts
 * in raw units and prices in whole tokens.
 */
export type Units = 'raw' | 'whole' | 'as-api'

type WordPorts = ResolvePorts & { readonly tokens: TokenTable }

/** So many items are joined at a time with what is stored of their tokens. */
const JOINED = 500

/** Each item with what is stored of the tokens that it is written with. */
export async function* withWords<T>(
  ports: WordPorts,
  view: View,
  subject: ExportSubject<T>,
  units: Units,
  items: AsyncIterable<T>,
  missing: (token: Address) => void,
): AsyncGenerator<{ readonly item: T; readonly words: Words }> {
  const join = createJoin(ports, view, subject, units, missing)
  let waiting: T[] = []
  for await (const item of items) {
    waiting.push(item)
    if (waiting.length < JOINED) continue
    yield* await join(waiting)
    waiting = []
  }
  yield* await join(waiting)
}

function createJoin<T>(
  ports: WordPorts,
  view: View,
  { resource, poolOf, priced }: ExportSubject<T>,
  units: Units,
  missing: (token: Address) => void,
) {
  const infos = new Map<Address, TokenInfo>()
  const tokens = new Map<Address, readonly [Address, Address]>()
  const needsPools = units === 'whole' || (units === 'as-api' && priced !== undefined)

  async function learn(items: readonly T[]): Promise<void> {
    const named = tokensOf(resource, items)
    if (poolOf && needsPools) {
      const fresh = [...new Set(items.map(poolOf))].filter((pool) => !tokens.has(pool))
      for (const pool of await readPools(ports, view, fresh)) {
        if (!pool) continue
        tokens.set(pool.id as Address, [pool.token0, pool.token1])
        named.push(pool.token0, pool.token1)
      }
    }
    const unknown = [...new Set(named)].filter((token) => !infos.has(token))
    if (unknown.length === 0) return
    for (const stored of await ports.tokens.read(view.chainId, unknown))
      if (stored) infos.set(stored.address, infoOf(stored))
  }

  function decimalsOf(item: T): SideDecimals {
    const both = poolOf && tokens.get(poolOf(item))
    const of = (token: Address | undefined): number | null => {
      const decimals = (token && infos.get(token)?.decimals) ?? null
      if (token && decimals === null) missing(token)
      return decimals
    }
    return [of(both?.[0]), of(both?.[1])]
  }

  return async (items: readonly T[]): Promise<{ item: T; words: Words }[]> => {
    await learn(items)
    return items.map((item) => {
      if (!needsPools) return { item, words: { infos } }
      const sides = decimalsOf(item)
      const [decimals0, decimals1] = sides
      const known =
        decimals0 === null || decimals1 === null ? undefined : ([decimals0, decimals1] as const)
      return {
        item: priced ? priced(item, known) : item,
        words: { infos, ...(units === 'whole' && { whole: sides }) },
      }
    })
  }
}
