import { swap } from '#core/dex/protocols/protocols.ts'
import type { RouteRequest } from '#core/dex/routing/request.ts'
import type { Path, RoutePool } from '#core/dex/routing/route.ts'
import { everyPath } from './exhaustive.ts'

/** What a pool was given in one direction in all, and what it gives for all of that at once. */
type Flow = { readonly given: bigint; readonly quoted: bigint }
type Carried = { readonly quoted: bigint; readonly flows: readonly (readonly [string, Flow])[] }

/**
 * What an amount gives, or costs, that goes into the pools in many small parts, each along the path that is best for it
 * at that moment: close to the best that there is, whatever legs are made of it. Null where a part finds no path.
 *
 * Pools are asked for all that has gone through them so far. Part after part they would give a little more, as fees stay
 * in a pair's reserves; but a route has a few legs, not hundreds.
 */
export function fineGreedy(
  pools: readonly RoutePool[],
  request: RouteRequest,
  parts: number,
): bigint | null {
  const { exact, amount } = request
  const paths = everyPath(pools, request)
  const flows = new Map<string, Flow>()
  const upTo = (count: number): bigint => (amount * BigInt(count)) / BigInt(parts)
  let total = 0n
  for (let count = 0; count < parts; count++) {
    let best: Carried | null = null
    for (const path of paths) {
      const one = through(flows, path, exact, upTo(count + 1) - upTo(count))
      if (one && (!best || (exact === 'in' ? one.quoted > best.quoted : one.quoted < best.quoted)))
        best = one
    }
    if (!best) return null
    total += best.quoted
    for (const [key, flow] of best.flows) flows.set(key, flow)
  }
  return total
}

function through(
  before: ReadonlyMap<string, Flow>,
  path: Path,
  exact: 'in' | 'out',
  amount: bigint,
): Carried | null {
  let quoted = amount
  const flows: (readonly [string, Flow])[] = []
  for (const { pool, zeroForOne } of exact === 'in' ? path : path.toReversed()) {
    const key = `${pool.id} ${zeroForOne}`
    // What the other way has changed is not in the sums of this one.
    if (before.has(`${pool.id} ${!zeroForOne}`)) return null
    const so = before.get(key) ?? { given: 0n, quoted: 0n }
    const given = so.given + quoted
    const outcome = swap(pool.state, { zeroForOne, exact, amount: given })
    if (outcome.status !== 'filled') return null
    const all = exact === 'in' ? outcome.amountOut : outcome.amountIn
    quoted = all - so.quoted
    if (quoted <= 0n) return null
    flows.push([key, { given, quoted: all }])
  }
  return { quoted, flows }
}
