import type { Hex } from '#core/chain.ts'
import type { Path } from '#core/dex/routing/route.ts'
import { isMixed, type RouterOutput } from './swap-router-02.ts'

/** What of a route decides its gas, besides its hops. */
export type GasTerms = {
  readonly exact: 'in' | 'out'
  readonly paths: readonly Path[]
  readonly output: RouterOutput
  readonly isNativeIn: boolean
}

/**
 * Measured by 150 swaps of one to four legs that SwapRouter02 did on a local chain, and fitted; with them an estimate was
 * off by 8 % at most. Each path's first hop counts what a transaction costs but once: the difference, for each leg but
 * the first.
 */
const ONCE_GAS = 37_000n
/** A change between V2 and V3 within a leg, over the router. */
const SWITCH_GAS = 8_600n
/** What a pool costs less that an earlier leg has passed: its storage is looked up, and first written, once. */
const AGAIN_GAS = 27_000n
/** Checking and handing on what the router collected. */
const COLLECT_GAS = 12_900n

/**
 * Units of gas of the transaction, from its hops alone.
 *
 * @param gas of all paths, each as if it were a transaction of its own; see `simulatePath`
 */
export function estimateGas(gas: bigint, { paths, output }: GasTerms): bigint {
  const switches = paths.reduce((sum, path) => sum + switchesOf(path), 0)
  const passed = paths.flatMap((path) => path.map(({ pool }) => pool.id))
  const again = passed.length - new Set(passed).size
  return (
    gas -
    ONCE_GAS * BigInt(paths.length - 1) -
    AGAIN_GAS * BigInt(again) +
    SWITCH_GAS * BigInt(switches) +
    (output.kind === 'collected' ? COLLECT_GAS : 0n)
  )
}

const switchesOf = (path: Path): number =>
  path.filter(({ pool }, index) => index > 0 && path[index - 1]?.pool.protocol !== pool.protocol)
    .length

/** Of any transaction, and of a byte of its data that is 0 or is not (EIP-2028). */
const TRANSACTION_GAS = 21_000
const ZERO_BYTE_GAS = 4
const BYTE_GAS = 16
/** The trial has looked at balances and allowance before it begins to count; a transaction looks at them first. */
const FIRST_LOOK_GAS = 6_600n
/** Of these, the balance and the allowance of a token that is sold: the native currency has none (EIP-2929). */
const INPUT_LOOK_GAS = 4_200n
/** What the trial's call pays for the value that it carries, less what comes back of it: a transaction carries it for nothing. */
const VALUE_GAS = 6_700n
/** A pair is locked and unlocked again: 5,000 - 2,100 - 100 are given back (EIP-3529). */
const LOCK_REFUND = 2_800n
/** An account's balance goes from 0 to something and back to 0: 20,000 - 100 are given back (EIP-3529). */
const RECEIPT_REFUND = 19_900n
/**
 * What the first swap of a block has a pool write down: a pair sums up two prices, a V3 pool its tick. A trial is done in
 * the block of the quote, so that a pool which traded in that block has paid it; the transaction comes in a later block and
 * pays it in any case. Whether a pool traded is not known here: half of it counts, which is off by as much either way.
 */
const FIRST_OF_BLOCK_GAS = { 'uniswap-v2': 10_400n, other: 5_000n } as const
/** At most this part of the gas is given back (EIP-3529). */
const REFUND_PART = 5n

/**
 * Units of gas of the transaction, from those that its trial used: with what a call does not pay (the transaction itself,
 * its data), and without what is given back at the end.
 */
export function gasAfterTrial(
  used: bigint,
  data: Hex,
  { exact, paths, output, isNativeIn }: GasTerms,
): bigint {
  const pools = new Map(paths.flat().map(({ pool }) => [pool.id, pool.protocol]))
  const writing = [...pools.values()].reduce(
    (sum, protocol) =>
      sum + FIRST_OF_BLOCK_GAS[protocol === 'uniswap-v2' ? 'uniswap-v2' : 'other'] / 2n,
    0n,
  )
  const ofNative = isNativeIn ? INPUT_LOOK_GAS + VALUE_GAS : 0n
  const gross = used + writing + FIRST_LOOK_GAS - ofNative + BigInt(intrinsicGas(data))
  const pairs = paths.flat().filter(({ pool }) => pool.protocol === 'uniswap-v2').length
  const receipts =
    paths.reduce((sum, path) => sum + receiptsOf(path, exact), 0) +
    (output.kind === 'collected' ? 1 : 0) +
    (isNativeIn ? paths.length : 0)
  const refund = LOCK_REFUND * BigInt(pairs) + RECEIPT_REFUND * BigInt(receipts)
  const most = gross / REFUND_PART
  return gross - (refund < most ? refund : most)
}

/** How often the router holds a token between two hops: pairs, and V3 pools of an exact-out leg, pay one another. */
function receiptsOf(path: Path, exact: 'in' | 'out'): number {
  const isDirect = exact === 'out' && !isMixed(path)
  return path.filter(({ pool }, index) => {
    const before = path[index - 1]?.pool.protocol
    if (before === undefined || isDirect) return false
    return !(before === 'uniswap-v2' && pool.protocol === 'uniswap-v2')
  }).length
}

function intrinsicGas(data: Hex): number {
  let gas = TRANSACTION_GAS
  for (let at = 2; at < data.length; at += 2)
    gas += data[at] === '0' && data[at + 1] === '0' ? ZERO_BYTE_GAS : BYTE_GAS
  return gas
}
