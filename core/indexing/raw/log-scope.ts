import type { Address, Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { LogFilter, RawLog } from '#core/indexing/ports.ts'

/** The contracts whose logs count: these, or every one. */
type Contracts = 'all' | ReadonlySet<Address>

/** Which logs, by first topic. */
export type LogScope = ReadonlyMap<Hash, Contracts>

/** The logs that any of these filters asks for. */
export function scopeOf(filters: readonly LogFilter[]): LogScope {
  const scope = new Map<Hash, 'all' | Set<Address>>()
  for (const { addresses, topics } of filters)
    for (const topic of topics) {
      const contracts = scope.get(topic) ?? new Set<Address>()
      scope.set(topic, contracts)
      if (contracts === 'all') continue
      if (addresses) for (const address of addresses) contracts.add(address)
      else scope.set(topic, 'all')
    }
  return scope
}

/** All logs that any of these scopes has. */
export function unionOf(scopes: readonly LogScope[]): LogScope {
  const union = new Map<Hash, Contracts>()
  for (const scope of scopes)
    for (const [topic, contracts] of scope) {
      const known = union.get(topic) ?? new Set<Address>()
      const isAll = known === 'all' || contracts === 'all'
      union.set(topic, isAll ? 'all' : new Set([...known, ...contracts]))
    }
  return union
}

/** Past this many contracts a node is asked for those of all. */
const FILTER_ADDRESSES_MAX = 500

/** A filter that asks for all logs of a scope, and perhaps for others too; nodes take one filter a request. */
export function filterOf(scope: LogScope): LogFilter {
  const topics = [...scope.keys()]
  const addresses = new Set<Address>()
  for (const contracts of scope.values()) {
    if (contracts === 'all') return { topics }
    for (const address of contracts) addresses.add(address)
  }
  return addresses.size > FILTER_ADDRESSES_MAX ? { topics } : { addresses: [...addresses], topics }
}

export const isInScope = (scope: LogScope, { address, topics }: RawLog): boolean => {
  const contracts = topics[0] && scope.get(topics[0])
  return contracts === 'all' || (contracts?.has(address) ?? false)
}

/** Those of a scope: the list itself where all are. */
export function logsInScope(scope: LogScope, logs: readonly RawLog[]): readonly RawLog[] {
  for (const log of logs)
    if (!isInScope(scope, log)) return logs.filter((each) => isInScope(scope, each))
  return logs
}

/** What none of the scopes that are held has. */
export function missingIn(wanted: LogScope, held: readonly LogScope[]): LogScope {
  const missing = new Map<Hash, Contracts>()
  for (const [topic, contracts] of wanted) {
    const here = held.map((scope) => scope.get(topic))
    if (here.includes('all')) continue
    if (contracts === 'all') {
      missing.set(topic, 'all')
      continue
    }
    const isHeld = (address: Address): boolean =>
      here.some((each) => each !== undefined && each !== 'all' && each.has(address))
    const left = [...contracts].filter((address) => !isHeld(address))
    if (left.length > 0) missing.set(topic, new Set(left))
  }
  return missing
}

/** What of a scope is held by another one too. Of one that wants all contracts of a topic, a list of some is no part. */
export function sharedBy(wanted: LogScope, held: LogScope): LogScope {
  const shared = new Map<Hash, Contracts>()
  for (const [topic, contracts] of wanted) {
    const here = held.get(topic)
    if (here === 'all') shared.set(topic, contracts)
    else if (here && contracts !== 'all') {
      const both = [...contracts].filter((address) => here.has(address))
      if (both.length > 0) shared.set(topic, new Set(both))
    }
  }
  return shared
}

/** A scope as text; equal scopes have equal texts. */
export const scopeText = (scope: LogScope): string =>
  JSON.stringify(
    [...scope]
      .map(([topic, contracts]) => [topic, contracts === 'all' ? 'all' : [...contracts].toSorted()])
      .toSorted(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  )

/** @throws AppError `unavailable` where it is not the text of a scope */
export function parseScope(text: string): LogScope {
  const parsed = JSON.parse(text) as [Hash, 'all' | Address[]][]
  if (!Array.isArray(parsed))
    throw new AppError('unavailable', 'raw: the scope of a segment is damaged', {
      details: { field: 'raw', reason: 'damaged' },
    })
  return new Map(
    parsed.map(([topic, contracts]) => [topic, contracts === 'all' ? 'all' : new Set(contracts)]),
  )
}
