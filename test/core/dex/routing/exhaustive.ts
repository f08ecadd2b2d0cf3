import { swap } from '#core/dex/protocols/protocols.ts'
import { GAS } from '#core/dex/routing/gas.ts'
import type { RouteRequest } from '#core/dex/routing/request.ts'
import type { Path, RoutePool } from '#core/dex/routing/route.ts'

export type Ranked = {
  readonly path: Path
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly gas: bigint
  /** In units of the gas price's denominator. */
  readonly worth: bigint
}

/** Every path without a token twice, by the rules alone. */
export function everyPath(
  pools: readonly RoutePool[],
  { tokenIn, tokenOut, maxHops = 3, taxesBps }: RouteRequest,
): Path[] {
  const paths: Path[] = []
  const isTaxed = (token: string) =>
    [...(taxesBps ?? [])].some(([t, bps]) => t === token && bps > 0)
  const grow = (path: Path, at: string, seen: readonly string[]): void => {
    if (at === tokenOut) {
      const first = path[0]!.pool.protocol
      const last = path.at(-1)!.pool.protocol
      if (isTaxed(tokenIn) && first !== 'uniswap-v2') return
      if (isTaxed(tokenOut) && last !== 'uniswap-v2') return
      paths.push(path)
      return
    }
    if (path.length === maxHops || (path.length > 0 && isTaxed(at))) return
    for (const pool of pools) {
      if (pool.token0 !== at && pool.token1 !== at) continue
      const zeroForOne = pool.token0 === at
      const to = zeroForOne ? pool.token1 : pool.token0
      if (!seen.includes(to)) grow([...path, { pool, zeroForOne }], to, [...seen, to])
    }
  }
  grow([], tokenIn, [tokenIn])
  return paths
}

/** What a path gives, by the full simulation of each pool; null where it does not carry the amount. */
export function carry(path: Path, request: RouteRequest, amount = request.amount): Ranked | null {
  const { exact, gasPrice, taxesBps, tokenIn, tokenOut } = request
  const net = (value: bigint, token: typeof tokenIn) =>
    value - (value * BigInt(taxesBps?.get(token) ?? 0)) / 10_000n
  let carried = exact === 'in' ? net(amount, tokenIn) : amount
  let gas = 0
  const order = exact === 'in' ? path : path.toReversed()
  for (const { pool, zeroForOne } of order) {
    if (carried === 0n) return null
    const outcome = swap(pool.state, { zeroForOne, exact, amount: carried })
    if (outcome.status !== 'filled') return null
    carried = exact === 'in' ? outcome.amountOut : outcome.amountIn
    gas += GAS[pool.protocol].extraHop + GAS[pool.protocol].tick * outcome.ticksCrossed
  }
  const { protocol } = path[0]!.pool
  gas += GAS[protocol].firstHop - GAS[protocol].extraHop
  if (exact === 'in') carried = net(carried, tokenOut)
  if (carried === 0n) return null
  const cost = BigInt(gas) * (gasPrice?.numerator ?? 0n)
  return {
    path,
    amountIn: exact === 'in' ? amount : carried,
    amountOut: exact === 'in' ? carried : amount,
    gas: BigInt(gas),
    worth: (exact === 'in' ? carried : -carried) * (gasPrice?.denominator ?? 1n) - cost,
  }
}

const idsOf = (path: Path): string => path.map(({ pool }) => pool.id).join('/')

/** Every path that carries the amount, best first. */
export const rankAll = (pools: readonly RoutePool[], request: RouteRequest): Ranked[] =>
  everyPath(pools, request)
    .map((path) => carry(path, request))
    .filter((ranked) => ranked !== null)
    .toSorted((a, b) => {
      if (a.worth !== b.worth) return a.worth > b.worth ? -1 : 1
      if (a.path.length !== b.path.length) return a.path.length - b.path.length
      return idsOf(a.path) < idsOf(b.path) ? -1 : 1
    })
