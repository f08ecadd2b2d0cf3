import { type AbiValue, encodeCall } from '#core/abi.ts'
import type { Address, Hex } from '#core/chain.ts'
import type { Hop, Path } from '#core/dex/routing/route.ts'
import { assert } from '#core/errors.ts'

/** A swap as the router is to do it. Raw units. */
export type RouterSwap = {
  readonly exact: 'in' | 'out'
  readonly legs: readonly RouterLeg[]
  readonly recipient: Address
  /** Seconds since 1970, after which the router refuses. */
  readonly deadline: number
  /** Whether it is paid with the native currency that the transaction carries. */
  readonly isNativeIn: boolean
  readonly output: RouterOutput
}

/**
 * Where legs deliver to. `recipient`: each gives its own least to the recipient. `collected`: all give to the router,
 * which hands everything on if it is at least `minimum`, unwrapped where `isNative`.
 */
export type RouterOutput =
  | { readonly kind: 'recipient' }
  | { readonly kind: 'collected'; readonly minimum: bigint; readonly isNative: boolean }

/** A leg, with what its transaction may spend and must give. Raw units. */
export type RouterLeg = {
  readonly path: Path
  readonly amountIn: bigint
  readonly amountOut: bigint
  /** Exact in: the least that is accepted. */
  readonly amountOutMinimum: bigint
  /** Exact out: the most that is spent. */
  readonly amountInMaximum: bigint
}

/** Functions of Uniswap's SwapRouter02 (swap-router-contracts). */
const MULTICALL = '0x5ae401dc'
const V2_EXACT_IN = '0x472b43f3'
const V2_EXACT_OUT = '0x42712a67'
const V3_EXACT_IN = '0xb858183f'
const V3_EXACT_OUT = '0x09b81346'
/** Checks that the router holds at least so much of the token, and sends all of it. */
const SWEEP_TOKEN = '0xdf2ab5bb'
/** The same for the wrapped native token, which is sent unwrapped. */
const UNWRAP = '0x49404b7c'
/** Sends the native currency that is left back to who sent it. */
const REFUND = '0x12210e8a'

/** What the router takes for itself as the recipient, and for all that it holds as the amount. */
const ROUTER_ITSELF: Address = '0x0000000000000000000000000000000000000002'
const WHOLE_BALANCE = 0n

/** V2 pairs of the router are those with this fee. */
const V2_FEE_PIPS = 3_000

/** Whether the router reaches these pools: pairs by their factory's rule, V3 pools by theirs. */
export function canRoute(
  path: Path,
  factoryOf: (hop: Hop) => Address | null,
  factories: { readonly v2: Address | null; readonly v3: Address | null },
): boolean {
  return path.every((hop) => {
    const { protocol, state } = hop.pool
    if (protocol !== 'uniswap-v2' && protocol !== 'uniswap-v3') return false
    if (protocol === 'uniswap-v2' && state.feePips !== V2_FEE_PIPS) return false
    const wanted = protocol === 'uniswap-v2' ? factories.v2 : factories.v3
    const origin = factoryOf(hop)
    // A pool that the configuration lists does not tell its factory; the trial will.
    return origin === null || wanted === null || origin === wanted
  })
}

/** Whether a path changes between V2 and V3: such a one is executed exact in, whatever was asked. */
export const isMixed = (path: Path): boolean => segmentsOf(path).length > 1

/**
 * One transaction for all legs. Legs go one after the other; within a leg that mixes protocols the router keeps what
 * the first part gives and the second spends all of it.
 *
 * Exact out: legs of one protocol buy their output. The router has no such call for a mixed leg, so that one sells
 * exactly what was quoted.
 */
export function encodeSwap({
  exact,
  legs,
  recipient,
  deadline,
  isNativeIn,
  output,
}: RouterSwap): Hex {
  const to = output.kind === 'collected' ? ROUTER_ITSELF : recipient
  const calls = legs.flatMap((leg) =>
    exact === 'out' && !isMixed(leg.path) ? [encodeExactOut(leg, to)] : encodeExactIn(leg, to),
  )
  const [leg] = legs
  if (output.kind === 'collected' && leg)
    calls.push(
      output.isNative
        ? encodeCall(UNWRAP, [output.minimum, recipient])
        : encodeCall(SWEEP_TOKEN, [boughtBy(leg.path), output.minimum, recipient]),
    )
  if (isNativeIn) calls.push(encodeCall(REFUND, []))
  return encodeCall(MULTICALL, [deadline, { array: calls.map((bytes) => ({ bytes })) }])
}

const boughtBy = (path: Path): Address => {
  const last = path.at(-1)
  assert(last !== undefined, 'a path has hops')
  return tokenOutOf(last)
}

function encodeExactIn(leg: RouterLeg, recipient: Address): Hex[] {
  const segments = segmentsOf(leg.path)
  return segments.map((segment, index) => {
    const isLast = index === segments.length - 1
    const amount = index === 0 ? leg.amountIn : WHOLE_BALANCE
    const minimum = isLast ? leg.amountOutMinimum : 0n
    const to = isLast ? recipient : ROUTER_ITSELF
    return segment[0]?.pool.protocol === 'uniswap-v2'
      ? encodeCall(V2_EXACT_IN, [amount, minimum, { array: tokensOf(segment) }, to])
      : encodeCall(V3_EXACT_IN, [{ tuple: [{ bytes: encodePath(segment) }, to, amount, minimum] }])
  })
}

function encodeExactOut(leg: RouterLeg, recipient: Address): Hex {
  const { path, amountOut, amountInMaximum } = leg
  if (path[0]?.pool.protocol === 'uniswap-v2')
    return encodeCall(V2_EXACT_OUT, [
      amountOut,
      amountInMaximum,
      { array: tokensOf(path) },
      recipient,
    ])
  // From the token that is bought back to the one that is sold.
  const backwards = path.toReversed().map((hop) => ({ ...hop, zeroForOne: !hop.zeroForOne }))
  const call: AbiValue = {
    tuple: [{ bytes: encodePath(backwards) }, recipient, amountOut, amountInMaximum],
  }
  return encodeCall(V3_EXACT_OUT, [call])
}

/** Runs of hops of the same protocol. */
function segmentsOf(path: Path): Hop[][] {
  const segments: Hop[][] = []
  for (const hop of path) {
    const last = segments.at(-1)
    if (last?.[0]?.pool.protocol === hop.pool.protocol) last.push(hop)
    else segments.push([hop])
  }
  return segments
}

const tokenInOf = ({ pool, zeroForOne }: Hop): Address => (zeroForOne ? pool.token0 : pool.token1)
const tokenOutOf = ({ pool, zeroForOne }: Hop): Address => (zeroForOne ? pool.token1 : pool.token0)

const tokensOf = (path: Path): Address[] =>
  path.flatMap((hop, index) =>
    index === 0 ? [tokenInOf(hop), tokenOutOf(hop)] : [tokenOutOf(hop)],
  )

/** Token, fee in three bytes, token, and so on. */
const encodePath = (path: Path): Hex => {
  const [first] = path
  const rest = path.map(
    (hop) =>
      hop.pool.state.feePips.toString(16).padStart(6, '0') + tokenOutOf(hop).slice(2).toLowerCase(),
  )
  return `0x${first ? tokenInOf(first).slice(2).toLowerCase() : ''}${rest.join('')}`
}
