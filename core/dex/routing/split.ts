import { allocate, type Allocation, extend, improve, type Worth } from './allocate.ts'
import { candidatePaths } from './candidates.ts'
import type { RouteGraph } from './graph.ts'
import { quotePath } from './quote-path.ts'
import type { Share } from './plan.ts'
import { scoreOf } from './rank.ts'
import type { Trade } from './trade.ts'

/** Sets of paths that are extended side by side. */
const BEAM_WIDTH = 4

/**
 * Shares the amount, in equal parts, among paths that have no pool in common, so that each leg's quote holds whatever the
 * others do. Sets of paths grow by one path at a time, the best few side by side, as long as that gains; a heuristic: it
 * may miss the best split, and the caller compares it with the best single path.
 *
 * What is left over when the amount is divided, less than one unit per part, goes to the leg with the most parts before
 * it is quoted: legs add up to the amount to the wei. It stops at every `yield` for who has other work too.
 *
 * @param onBeyond hears of pools, by index, whose known ticks do not suffice
 * @returns null where no set of paths that was tried carries the amount; possibly a single leg
 */
export function* splitAmount(
  graph: RouteGraph,
  trade: Trade,
  amount: bigint,
  parts: number,
  onBeyond: (pool: number) => void,
): Generator<void, readonly Share[] | null> {
  const part = amount / BigInt(parts)
  const { paths, beyond } = yield* candidatePaths(graph, trade, part, parts)
  const countGas = trade.gasPrice !== null
  const quote = (candidate: number, size: bigint, onBlocked: (pool: number) => void) => {
    const one = quotePath(graph, trade, paths[candidate]!, size, countGas, onBlocked)
    return one && { ...one, score: scoreOf(trade, one.quoted, one.gas) }
  }
  const known: (bigint | null)[][] = paths.map(() => [])
  const blockedBy: number[][] = paths.map(() => [])
  const worth: Worth = (candidate, count) => {
    const before = known[candidate]![count]
    if (before !== undefined) return before
    const one = quote(candidate, part * BigInt(count), (pool) => {
      blockedBy[candidate]![count] = pool
    })
    return (known[candidate]![count] = one?.score ?? null)
  }

  const best = yield* bestSet(paths, parts, worth)
  // What would have taken a part, had its ticks been known: legs, and paths whose first part may be worth more than the
  // last one of a leg.
  for (const [at, candidate] of best?.set.entries() ?? []) {
    const pool = blockedBy[candidate]![best!.parts[at]! + 1]
    if (pool !== undefined) onBeyond(pool)
  }
  const isCarried = best?.carried === parts
  const least = isCarried ? leastPart(best, worth) : -Infinity
  const scale = Number(trade.gasPrice?.denominator ?? 1n)
  for (const [pool, bound] of beyond) if (bound * scale >= least) onBeyond(pool)
  if (!isCarried) return null
  const { set, parts: counts } = improve(best, worth)
  const order = [...set.keys()].toSorted((a, b) => counts[b]! - counts[a]! || set[a]! - set[b]!)
  const left = amount - part * BigInt(parts)
  const shares: Share[] = []
  for (const [place, at] of order.entries()) {
    const size = part * BigInt(counts[at]!) + (place === 0 ? left : 0n)
    if (!quote(set[at]!, size, onBeyond)) return null
    shares.push({ path: paths[set[at]!]!, amount: size })
  }
  return shares
}

/** What the last part of a leg is worth, where that is least. */
const leastPart = ({ set, parts }: Allocation, worth: Worth): number =>
  Math.min(
    ...set.map((candidate, at) => {
      const count = parts[at]!
      return Number(worth(candidate, count)! - (count > 1 ? worth(candidate, count - 1)! : 0n))
    }),
  )

/** Negative: `a` comes first. Carrying more comes before being worth more, then fewer legs, then the first candidates. */
function compareAllocations(a: Allocation, b: Allocation): number {
  if (a.carried !== b.carried) return b.carried - a.carried
  if (a.score !== b.score) return a.score > b.score ? -1 : 1
  if (a.set.length !== b.set.length) return a.set.length - b.set.length
  for (const [at, candidate] of a.set.entries())
    if (candidate !== b.set[at]) return candidate - b.set[at]!
  return 0
}

/** The best allocation that growing sets of paths finds; it may carry less than all parts. */
function* bestSet(
  paths: readonly (readonly number[])[],
  parts: number,
  worth: Worth,
): Generator<void, Allocation | null> {
  const poolsOf = paths.map((path) => path.map((edge) => edge >> 1))
  const apart = poolsOf.map((a) => poolsOf.map((b) => a.every((pool) => !b.includes(pool))))
  const singles = [...paths.keys()].map((candidate) => allocate([candidate], parts, worth))
  let beam = bestFew(singles.filter((single) => single !== null))
  let best: Allocation | null = null
  while (beam[0] && (!best || compareAllocations(beam[0], best) < 0)) {
    best = beam[0]
    const tried = new Map<string, Allocation>()
    for (const smaller of beam) {
      for (const candidate of paths.keys()) {
        if (!smaller.set.every((other) => apart[candidate]![other])) continue
        const key = [...smaller.set, candidate].toSorted((a, b) => a - b).join()
        if (tried.has(key)) continue
        const larger = extend(smaller, candidate, parts, worth)
        if (larger) tried.set(key, larger)
      }
      yield
    }
    beam = bestFew([...tried.values()])
  }
  return best
}

const bestFew = (allocations: readonly Allocation[]): readonly Allocation[] =>
  allocations.toSorted(compareAllocations).slice(0, BEAM_WIDTH)
