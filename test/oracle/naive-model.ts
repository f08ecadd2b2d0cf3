import type { Source } from '#core/catalogue.ts'
import type { Act } from './acts.ts'
import { naiveActivity } from './naive-activity.ts'
import { naiveBalances } from './naive-balances.ts'
import { naiveEvent } from './naive-events.ts'
import { createNaiveHoldings } from './naive-holdings.ts'
import { createNaivePools } from './naive-pools.ts'
import { naivePositions } from './naive-positions.ts'
import { documentLine, type EventLine, type Everything, eventLine, sorted } from './text.ts'

/** A block by what happened in it; each act is one log, and `places` says where that stands. */
export type ActedBlock = {
  readonly number: number
  readonly hash: string
  readonly timestamp: number
  readonly acts: readonly Act[]
  readonly places: readonly { readonly logIndex: number; readonly transactionHash: string }[]
}

/** What the model knows: the text of everything, and the values, to sort and to filter. */
export type NaiveView = {
  /** Written where it is asked for: most views are only looked at in part. */
  text(): Everything
  readonly values: readonly { readonly kind: string; readonly value: object }[]
  /** In the order of the chain. */
  readonly rows: readonly EventLine[]
}

/**
 * What a reader must see after these blocks: computed from what happened in them, from the beginning, with plain maps.
 * It shares no decoder, admission, fold, view or store with the product, and is as slow as that.
 */
export function naiveModel(blocks: readonly ActedBlock[], sources: readonly Source[]): NaiveView {
  const factories = new Map<string, { feePips: number | null }>()
  const listed = []
  const collections = new Set<string>()
  const managers = new Set<string>()
  const poolManagers = new Set<string>()
  const followedTokens = new Map<string, { readonly wrapsNative: boolean }>()
  for (const source of sources) {
    if ('volatileFeePips' in source) throw new Error('the model knows no pairs of Solidly')
    if ('factory' in source) factories.set(source.factory, source)
    else if (source.kind === 'pool') listed.push(source)
    else if (source.kind === 'uniswap-v4') poolManagers.add(source.address)
    else if (source.kind === 'uniswap-v3-positions') managers.add(source.address)
    else if (source.kind === 'erc20') followedTokens.set(source.address, source)
    else collections.add(source.address)
  }
  const pools = createNaivePools({ listed, factories, poolManagers })
  const holdings = createNaiveHoldings()
  const rows: EventLine[] = []

  const happen = (act: Act, block: ActedBlock): boolean => {
    if (act.act === 'transfer721') {
      const { collection, from, to, tokenId } = act
      if (!collections.has(collection)) return false
      holdings.move({ collection, standard: 'erc721', from, to, tokenId, amount: 1n })
      return true
    }
    if (act.act === 'transfer1155') {
      const { collection, from, to, tokens } = act
      if (!collections.has(collection)) return false
      for (const { tokenId, amount } of tokens)
        holdings.move({ collection, standard: 'erc1155', from, to, tokenId, amount })
      return true
    }
    if (act.act === 'transfer20' || act.act === 'rebase') return followedTokens.has(act.token)
    if (act.act === 'wrap' || act.act === 'unwrap')
      return followedTokens.get(act.token)?.wrapsNative ?? false
    if ('manager' in act) return managers.has(act.manager)
    return pools.apply(act, block)
  }

  for (const block of blocks)
    for (const [index, act] of block.acts.entries()) {
      if (!happen(act, block)) continue
      const event = naiveEvent(act, (factory) => factories.get(factory)?.feePips ?? null)
      const place = block.places[index]
      if (!event || !place) throw new Error('an act that counts is an event with a place')
      const { number, hash, timestamp } = block
      rows.push({ block: { number, hash, timestamp }, ...place, ...event })
    }
  const poolsThen = pools.documents()
  const values = [
    ...poolsThen,
    ...holdings.documents(),
    ...naiveActivity(rows),
    ...naiveBalances(rows, poolsThen),
    ...naivePositions(rows),
  ]
  return {
    values,
    rows,
    text: () =>
      sorted({
        documents: values.map(({ kind, value }) => documentLine(kind, value)),
        events: rows.map(eventLine),
      }),
  }
}
