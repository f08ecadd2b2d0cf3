import { type AbiReader, type AbiValue, encodeCall } from '#core/abi.ts'
import type { BlockRef, Hex } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import type { PoolTerms, StateReader, StateWant, WordRange } from '#core/dex/ports.ts'
import type { PoolState, TickWindow } from '#core/dex/protocols/state.ts'
import { handSamplesOn, readAlgebra, SAMPLES_WORDS, withSampledFees } from './algebra-state.ts'
import { KINDS } from './kinds.ts'
import { readSolidly, SOLIDLY_WORDS } from './solidly-state.ts'
import { isTooMuch, type Lens } from './lens.ts'

/** `states(Want[])` of lens.sol. */
const STATES = '0x91d83b1f'

/** A word that is empty costs about 5,000 gas, and nodes give a call 30 million and more. */
const WORDS_PER_CALL = 2_000
/** The least that a pool's request counts for, in words. */
const POOL_WORDS = 4
const WINDOW_WORDS = WORDS_PER_CALL - POOL_WORDS
const POOLS_PER_CALL = 500
const CALLS_AT_ONCE = 4

/**
 * States of pools by one `eth_call`, pinned to the block's hash, for as many as fit into one. What is more than the node
 * takes, such as a pool with an unusual number of ticks, is asked for in parts.
 */
export const createRpcStateReader = (lens: Lens): StateReader => ({
  async read(block, wants) {
    const pieces = wants.map(piecesOf)
    const states = await mapConcurrent(partsOf(pieces.flat()), CALLS_AT_ONCE, (part) =>
      readPart(lens, block, part),
    )
    const read = states.flat()
    let at = 0
    return pieces.map(({ length }) => withSampledFees(joined(read.slice(at, (at += length)))))
  },
})

/** A window in windows that each fit into a call. One without words is asked for too: for the price. */
function piecesOf({ pool, words }: StateWant): StateWant[] {
  const size = isPair(pool) ? 1 : Math.max(1, sizeOf(words))
  return Array.from({ length: Math.ceil(size / WINDOW_WORDS) }, (_, index) => {
    const from = words.from + index * WINDOW_WORDS
    return { pool, words: { ...words, from, to: Math.min(words.to, from + WINDOW_WORDS - 1) } }
  })
}

/** The state with the ticks of all windows, which follow one another; undefined where one is. */
function joined(states: readonly (PoolState | undefined)[]): PoolState | undefined {
  const [first] = states
  if (first?.kind !== 'concentrated' || states.length === 1) return first
  const windows: TickWindow[] = []
  for (const state of states) {
    if (state?.kind !== 'concentrated') return undefined
    // Beyond the words that there are nothing was read.
    if (state.ticks.fromWord <= state.ticks.toWord) windows.push(state.ticks)
  }
  return handSamplesOn(first, {
    ...first,
    ticks: {
      fromWord: windows[0]?.fromWord ?? first.ticks.fromWord,
      toWord: windows.at(-1)?.toWord ?? first.ticks.toWord,
      indexes: Int32Array.from(windows.flatMap(({ indexes }) => [...indexes])),
      nets: windows.flatMap(({ nets }) => nets),
    },
  })
}

function partsOf(wants: readonly StateWant[]): StateWant[][] {
  const parts: StateWant[][] = []
  let words = Number.POSITIVE_INFINITY
  for (const want of wants) {
    const size = costOf(want)
    if (words + size > WORDS_PER_CALL || (parts.at(-1)?.length ?? 0) >= POOLS_PER_CALL) {
      parts.push([])
      words = 0
    }
    words += size
    parts.at(-1)?.push(want)
  }
  return parts
}

const isPair = ({ protocol }: PoolTerms): boolean =>
  protocol === 'uniswap-v2' || protocol === 'solidly' || protocol === 'velodrome-v2'

const isAlgebra = ({ protocol }: PoolTerms): boolean =>
  protocol === 'algebra-v1' || protocol === 'algebra-integral'

/** What a state costs to read, in words of a bitmap. */
function costOf({ pool, words }: StateWant): number {
  if (!isPair(pool)) return POOL_WORDS + sizeOf(words) + (isAlgebra(pool) ? SAMPLES_WORDS : 0)
  return pool.protocol === 'uniswap-v2' ? POOL_WORDS : SOLIDLY_WORDS
}

const sizeOf = ({ from, to }: WordRange): number => Math.max(0, to - from + 1)

/** In ever smaller parts while they are too much; undefined for what cannot be made smaller. */
async function readPart(
  lens: Lens,
  block: BlockRef,
  wants: readonly StateWant[],
): Promise<(PoolState | undefined)[]> {
  try {
    return await readAtOnce(lens, block, wants)
  } catch (error) {
    if (!isTooMuch(error)) throw error
  }
  const [first] = wants
  if (!first || wants.length > 1) {
    const half = wants.length >> 1
    const before = await readPart(lens, block, wants.slice(0, half))
    return [...before, ...(await readPart(lens, block, wants.slice(half)))]
  }
  const { pool, words } = first
  if (isPair(pool) || sizeOf(words) < 2) return [undefined]
  const middle = (words.from + words.to) >> 1
  const [below] = await readPart(lens, block, [{ pool, words: { ...words, to: middle } }])
  if (!below) return [undefined]
  const [above] = await readPart(lens, block, [{ pool, words: { ...words, from: middle + 1 } }])
  return [joined([below, above])]
}

async function readAtOnce(
  lens: Lens,
  block: BlockRef,
  wants: readonly StateWant[],
): Promise<(PoolState | undefined)[]> {
  const call = encodeCall(STATES, [{ array: wants.map(encodeWant) }])
  const words = await lens.call(block, call)
  // Behind the offset and the number of words.
  let at = 2
  return wants.map(({ pool }) => {
    const count = words.number(at)
    const state = count === 0 ? undefined : decodeState(pool, words, at + 1, count)
    at += 1 + count
    return state
  })
}

function encodeWant({ pool, words }: StateWant): AbiValue {
  const isV4 = pool.protocol === 'uniswap-v4'
  const target = isV4 ? (pool.origin ?? '0x') : (pool.id as Hex)
  const id = isV4 ? (pool.id as Hex) : BigInt(pool.origin ?? 0)
  return {
    tuple: [KINDS[pool.protocol], target, id, spacingOf(pool), words.centred, words.from, words.to],
  }
}

/** The spacing of a pool's bitmap; 0: the pool is to tell it. Algebra V1's may change; Integral's has a bit for every tick. */
function spacingOf({ protocol, tickSpacing }: PoolTerms): number {
  if (protocol === 'algebra-integral') return 1
  return protocol === 'algebra-v1' ? 0 : (tickSpacing ?? 0)
}

function decodeState(
  { protocol, feePips }: PoolTerms,
  words: AbiReader,
  at: number,
  count: number,
): PoolState | undefined {
  if (protocol === 'solidly' || protocol === 'velodrome-v2') return readSolidly(protocol, words, at)
  if (protocol === 'uniswap-v2')
    return {
      kind: 'constant-product',
      reserve0: words.uint(at),
      reserve1: words.uint(at + 1),
      feePips,
    }
  if (protocol === 'algebra-v1' || protocol === 'algebra-integral')
    return readAlgebra(protocol, words, at, (behind) => windowAt(words, at, behind, count))
  const isV4 = protocol === 'uniswap-v4'
  const protocolFees = words.number(at + 4)
  return {
    kind: 'concentrated',
    sqrtPriceX96: words.uint(at),
    tick: words.number(at + 1),
    liquidity: words.uint(at + 2),
    feePips: isV4 ? words.number(at + 3) : feePips,
    // Twelve bits each: of token0 coming in, and of token1.
    protocolFeePips: isV4 ? [protocolFees & 0xfff, protocolFees >> 12] : [0, 0],
    tickSpacing: words.number(at + 5),
    ticks: windowAt(words, at, 6, count),
  }
}

/** First and last word, and then the ticks, that stand `behind` so many words of an answer of `count`. */
function windowAt(words: AbiReader, at: number, behind: number, count: number): TickWindow {
  const first = behind + 2
  const ticks = Array.from({ length: count - first }, (_, index) => words.uint(at + first + index))
  return {
    fromWord: words.number(at + behind),
    toWord: words.number(at + behind + 1),
    indexes: Int32Array.from(ticks, (word) => Number(BigInt.asIntN(128, word >> 128n))),
    nets: ticks.map((word) => BigInt.asIntN(128, word)),
  }
}
