import type { AbiReader } from '#core/abi.ts'
import type { SolidlyProtocol } from '#core/dex/event-bodies.ts'
import { amountOut } from '#core/dex/protocols/protocols.ts'
import type { SolidlyState } from '#core/dex/protocols/state.ts'

/** What reading a pair costs, in words of a tick bitmap: twice its contract computes a quote. */
export const SOLIDLY_WORDS = 60

const PIPS_PER_BASIS_POINT = 100
const BPS = 10_000
/** The sample of a reserve that lens.sol asks about: one part of so many. */
const SAMPLE = 1_000n

/**
 * The state of a pair as lens.sol tells it. Undefined where the pair itself quotes otherwise: forks exist that charge fees
 * in other ways, and a quote of such a pair would be wrong.
 */
export function readSolidly(
  protocol: SolidlyProtocol,
  words: AbiReader,
  at: number,
): SolidlyState | undefined {
  const [unit0, unit1, reserve0, reserve1, stable] = Array.from({ length: 5 }, (_, index) =>
    words.uint(at + index),
  ) as [bigint, bigint, bigint, bigint, bigint]
  // Behind the two tokens.
  const feeBps = words.uint(at + 7)
  if (unit0 === 0n || unit1 === 0n || feeBps >= BPS) return undefined
  const state: SolidlyState = {
    kind: 'solidly',
    curve: stable === 0n ? 'volatile' : 'stable',
    reserve0,
    reserve1,
    unit0,
    unit1,
    feePips: Number(feeBps) * PIPS_PER_BASIS_POINT,
    solver: protocol,
  }
  const isAsTold = (zeroForOne: boolean, told: bigint): boolean =>
    amountOut(state, zeroForOne, (zeroForOne ? reserve0 : reserve1) / SAMPLE) === told
  return isAsTold(true, words.uint(at + 8)) && isAsTold(false, words.uint(at + 9))
    ? state
    : undefined
}
