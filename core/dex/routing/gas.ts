import type { SwapProtocol } from './route.ts'

type GasOfProtocol = {
  /** The swap that the token sold goes into, with what every path pays once: the call, its transfers, its checks. */
  readonly firstHop: number
  readonly extraHop: number
  /** Of an initialised tick that is crossed. */
  readonly tick: number
}

/**
 * Units of gas of a path that is a transaction of its own, sent to SwapRouter02. V2 and V3: measured by swaps on a local
 * chain with the contracts of Uniswap, and fitted. V4, which that router does not reach: what public routers work with,
 * by the same proportion; another hop there moves no tokens. Solidly and Algebra: a rough guess, for a pair of Solidly's
 * design pays its fee out in another transfer, and a pool of Algebra writes down what it learns. Ticks: Uniswap's smart order router takes 31,000; one that
 * nobody has crossed before costs twice as much.
 */
export const GAS: Readonly<Record<SwapProtocol, GasOfProtocol>> = {
  'uniswap-v2': { firstHop: 98_000, extraHop: 51_000, tick: 0 },
  'uniswap-v3': { firstHop: 109_000, extraHop: 67_000, tick: 31_000 },
  solidly: { firstHop: 160_000, extraHop: 110_000, tick: 0 },
  'velodrome-v2': { firstHop: 160_000, extraHop: 110_000, tick: 0 },
  'algebra-v1': { firstHop: 150_000, extraHop: 110_000, tick: 31_000 },
  'algebra-integral': { firstHop: 150_000, extraHop: 110_000, tick: 31_000 },
  'uniswap-v4': { firstHop: 105_000, extraHop: 46_000, tick: 31_000 },
}

/** A hop's gas before the ticks that it crosses. */
export const gasOfHop = (protocol: SwapProtocol, isFirst: boolean): number =>
  isFirst ? GAS[protocol].firstHop : GAS[protocol].extraHop
