import type { SwapProtocol } from './route.ts'

type GasOfProtocol = {
  /** The swap that the token sold goes into, with what every path pays once: the call, its transfers, its checks. */
  readonly firstHop: number
  readonly extraHop: number
  /** Of an initialised tick that is crossed. */
  readonly tick: number
}

/**
 * Units of gas. Estimates, for ranking only, of the size that public routers work with (Uniswap's smart order router
 * takes 135,000 and 50,000 for V2 and 31,000 for a tick of V3); to be calibrated by measuring swaps on the chain that is
 * served. A V4 pool holds its tokens in the same contract as the next one, so another hop there moves none.
 */
export const GAS: Readonly<Record<SwapProtocol, GasOfProtocol>> = {
  'uniswap-v2': { firstHop: 135_000, extraHop: 50_000, tick: 0 },
  'uniswap-v3': { firstHop: 145_000, extraHop: 80_000, tick: 31_000 },
  'uniswap-v4': { firstHop: 140_000, extraHop: 55_000, tick: 31_000 },
}

/** A hop's gas before the ticks that it crosses. */
export const gasOfHop = (protocol: SwapProtocol, isFirst: boolean): number =>
  isFirst ? GAS[protocol].firstHop : GAS[protocol].extraHop
