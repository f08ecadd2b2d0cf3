import { assert } from '#core/errors.ts'
import type { ConcentratedState, TickWindow } from './state.ts'
import { sqrtPriceAtTick, TICK_MAX, TICK_MIN } from './tick-price.ts'

/** Ticks (divided by their spacing) in a word of the bitmap, as a power of two. */
const WORD_BITS = 8
const WORD_LAST = 255

/** The word of the bitmap that holds a tick; ticks between two spacings belong to the lower one. */
export const wordOfTick = (tick: number, tickSpacing: number): number =>
  Math.floor(tick / tickSpacing) >> WORD_BITS

/** The words of all ticks at which a pool can have liquidity. */
export const wordsOfSpacing = (tickSpacing: number): { fromWord: number; toWord: number } => ({
  fromWord: wordOfTick(TICK_MIN, tickSpacing),
  toWord: wordOfTick(TICK_MAX, tickSpacing),
})

/** No word of a bitmap: only the price is asked for. */
export const NO_WORDS = { centred: false, from: 1, to: 0 } as const

/** How many of the known initialised ticks are at or below `tick`. */
function countUpTo({ indexes }: TickWindow, tick: number): number {
  let low = 0
  let high = indexes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((indexes[middle] as number) <= tick) low = middle + 1
    else high = middle
  }
  return low
}

/** Where a swap stands among the ticks. `passed`: how many of the known initialised ticks are at or below `tick`. */
export type TickCursor = { readonly tick: number; readonly passed: number }

export function cursorAt({ tick, tickSpacing, ticks }: ConcentratedState): TickCursor {
  // Steps lead from slot to slot, and nowhere without any.
  assert(tickSpacing > 0, 'a concentrated pool has a tick spacing')
  return { tick, passed: countUpTo(ticks, tick) }
}

/** The next tick that a swap stops at. `index`: of which known tick; -1 where it is only the edge of a word. */
export type NextTick = { readonly tick: number; readonly index: number }

/** How a swap finds the next tick that it stops at; a number is the word of the bitmap where that is not known. */
type FindTick = (
  ticks: TickWindow,
  tickSpacing: number,
  zeroForOne: boolean,
  cursor: TickCursor,
) => NextTick | number

/**
 * The next initialised tick in the word of the bitmap that a swap looks into, or the edge of that word
 * (TickBitmap.nextInitializedTickWithinOneWord). Edges are real steps of a swap: amounts are rounded there. Downwards the
 * search begins at the tick itself, upwards at the one above it.
 *
 * @returns the word of the bitmap where that is not known
 */
function nextTick(
  ticks: TickWindow,
  tickSpacing: number,
  zeroForOne: boolean,
  { tick, passed }: TickCursor,
): NextTick | number {
  const slot = Math.floor(tick / tickSpacing) + (zeroForOne ? 0 : 1)
  const word = slot >> WORD_BITS
  if (word < ticks.fromWord || word > ticks.toWord) return word
  const { indexes } = ticks
  const edge = edgeOf(word, tickSpacing, zeroForOne)
  const index = zeroForOne ? passed - 1 : passed
  const initialised = indexes[index]
  return initialised !== undefined &&
    (zeroForOne ? initialised >= edge.tick : initialised <= edge.tick)
    ? { tick: initialised, index }
    : edge
}

/**
 * Where a swap gets to that finds no liquidity: the next initialised tick, or the end of what is known. In between
 * nothing is paid, so that the edges of words change nothing; a pool of narrow spacing has thousands of them.
 */
function nextTickOverNothing(
  ticks: TickWindow,
  tickSpacing: number,
  zeroForOne: boolean,
  cursor: TickCursor,
): NextTick | number {
  const near = nextTick(ticks, tickSpacing, zeroForOne, cursor)
  if (typeof near === 'number') return near
  const index = zeroForOne ? cursor.passed - 1 : cursor.passed
  const initialised = ticks.indexes[index]
  return initialised === undefined
    ? edgeOf(zeroForOne ? ticks.fromWord : ticks.toWord, tickSpacing, zeroForOne)
    : { tick: initialised, index }
}

/** The next initialised tick however far it is, or the end of all ticks: see `stepsTo`. */
function nextInitialisedTick(
  ticks: TickWindow,
  tickSpacing: number,
  zeroForOne: boolean,
  { passed }: TickCursor,
): NextTick | number {
  const index = zeroForOne ? passed - 1 : passed
  const initialised = ticks.indexes[index]
  if (initialised !== undefined) return { tick: initialised, index }
  const { fromWord, toWord } = wordsOfSpacing(tickSpacing)
  if (zeroForOne)
    return ticks.fromWord <= fromWord ? { tick: TICK_MIN, index: -1 } : ticks.fromWord - 1
  return ticks.toWord >= toWord ? { tick: TICK_MAX, index: -1 } : ticks.toWord + 1
}

/** @param mayLeap whether the edges of words in between make no difference to a swap that finds no liquidity */
export function findTickOf(
  { stepsTo }: Pick<ConcentratedState, 'stepsTo'>,
  liquidity: bigint,
  mayLeap: boolean,
): FindTick {
  if (stepsTo === 'ticks') return nextInitialisedTick
  return liquidity === 0n && mayLeap ? nextTickOverNothing : nextTick
}

/** The last tick of a word in the swap's direction. */
function edgeOf(word: number, tickSpacing: number, zeroForOne: boolean): NextTick {
  const edge = ((word << WORD_BITS) + (zeroForOne ? 0 : WORD_LAST)) * tickSpacing
  return { tick: Math.max(TICK_MIN, Math.min(TICK_MAX, edge)), index: -1 }
}

/** The cursor of a swap that has reached `next`: below it when it came from above. */
export const cursorPast = (
  zeroForOne: boolean,
  { passed }: TickCursor,
  next: NextTick,
): TickCursor =>
  zeroForOne
    ? { tick: next.tick - 1, passed: next.index < 0 ? passed : passed - 1 }
    : { tick: next.tick, passed: next.index < 0 ? passed : passed + 1 }

/** The liquidity in range behind a tick that is crossed. */
export function liquidityPast(
  ticks: TickWindow,
  zeroForOne: boolean,
  liquidity: bigint,
  { index }: NextTick,
): bigint {
  if (index < 0) return liquidity
  const net = ticks.nets[index] as bigint
  return zeroForOne ? liquidity - net : liquidity + net
}

const pricesOfWindow = new WeakMap<TickWindow, (bigint | undefined)[]>()

/** The price at `next`; those of initialised ticks are remembered, since all pools at a block keep asking for the same. */
export function sqrtPriceAtNext(ticks: TickWindow, { tick, index }: NextTick): bigint {
  if (index < 0) return sqrtPriceAtTick(tick)
  let prices = pricesOfWindow.get(ticks)
  if (!prices) {
    prices = []
    pricesOfWindow.set(ticks, prices)
  }
  return (prices[index] ??= sqrtPriceAtTick(tick))
}
