import type { BlockRef } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { walkDocuments } from '#core/history/walk-documents.ts'
import type {
  ComparedStates,
  CompareChoice,
  CompareStep,
  StateDifference,
} from '#core/operations/chain-states.ts'
import { createSampler } from '#core/sample.ts'
import { isAlgebra, type Pool, poolDocuments } from './pool.ts'
import type { StateReader, StateWant } from './ports.ts'
import type { ConcentratedState, PoolState } from './protocols/state.ts'
import { NO_WORDS, wordsOfSpacing } from './protocols/tick-window.ts'
import { termsOf } from './quoting/pool-catalog.ts'
import { readTicks } from './read-ticks.ts'

export type ComparePoolsPorts = ResolvePorts & { readonly states: StateReader }

/** Pools whose states are asked for together. */
const POOLS = 50

/**
 * Compares pools as they are stored with what their contracts say at the view's block: reserves of pairs; price, tick,
 * liquidity in range and every initialised tick of pools with concentrated liquidity. What the history does not know of a
 * pool is not compared.
 *
 * @returns generator of progress; its value is what was found
 * @throws AppError `unavailable` where the state of the block cannot be read
 */
export async function* comparePools(
  ports: ComparePoolsPorts,
  view: View,
  { sample, random }: CompareChoice,
  cancel: Cancel,
): AsyncGenerator<CompareStep, ComparedStates> {
  const sampler = createSampler<Pool>(sample, random)
  for await (const pool of walkDocuments(ports, view, poolDocuments)) sampler.add(pool)
  const pools = sampler.items
  const block: BlockRef = { number: view.head.number, hash: view.head.hash }
  const unanswered: string[] = []
  const differences: StateDifference[] = []
  let compared = 0
  for (let from = 0; from < pools.length && !cancel.aborted; from += POOLS) {
    const part = pools.slice(from, from + POOLS)
    const states = await ports.states.read(block, part.map(wantOf))
    for (const [index, pool] of part.entries()) {
      const state = states[index]
      const known = storedValues(pool)
      if (!state) {
        // One without liquidity or a price has nothing to say.
        if (known.some(([, value]) => value !== 0n)) unanswered.push(`pool ${pool.address}`)
        continue
      }
      const found = compareValues(known, state)
      if (state.kind === 'concentrated' && hasTicks(pool))
        found.push(...compareTicks(await readTicks(ports, view, pool.address), state))
      compared++
      for (const each of found) differences.push({ of: `pool ${pool.address}`, ...each })
    }
    yield { done: Math.min(from + POOLS, pools.length), total: pools.length }
  }
  return { compared, unanswered, differences }
}

/** Ticks are kept where the pool's creation was seen. */
const hasTicks = ({ createdBlock, sqrtPriceX96 }: Pool): boolean =>
  createdBlock !== null && sqrtPriceX96 !== null

function wantOf(pool: Pool): StateWant {
  if (!hasTicks(pool)) return { pool: termsOf(pool), words: NO_WORDS }
  // The bitmap of Algebra has a spacing of its own; the reader leaves out words that there are not.
  const { fromWord, toWord } = wordsOfSpacing(isAlgebra(pool) ? 1 : (pool.tickSpacing ?? 1))
  return { pool: termsOf(pool), words: { centred: false, from: fromWord, to: toWord } }
}

type Field = 'reserve0' | 'reserve1' | 'sqrtPriceX96' | 'tick' | 'liquidity'
type Value = readonly [field: Field, value: bigint]

/** What the history knows of a pool and its contracts tell too. */
function storedValues(pool: Pool): Value[] {
  const isPair = pool.tick === null && pool.sqrtPriceX96 === null && pool.liquidity === null
  // The reserves of other pools are sums of events, which no contract tells.
  const fields: readonly Field[] = isPair
    ? ['reserve0', 'reserve1']
    : ['sqrtPriceX96', 'tick', 'liquidity']
  return fields.flatMap((field): Value[] => {
    const value = pool[field]
    return value === null ? [] : [[field, BigInt(value)]]
  })
}

type Found = Omit<StateDifference, 'of'>

function compareValues(known: readonly Value[], state: PoolState): Found[] {
  const live: Partial<Record<Field, bigint>> =
    state.kind === 'concentrated'
      ? {
          sqrtPriceX96: state.sqrtPriceX96,
          tick: BigInt(state.tick),
          liquidity: state.liquidity,
        }
      : { reserve0: state.reserve0, reserve1: state.reserve1 }
  return known.flatMap(([field, stored]): Found[] => {
    const chain = live[field]
    return chain === undefined || chain === stored
      ? []
      : [{ field, stored: String(stored), chain: String(chain) }]
  })
}

function compareTicks(stored: ReadonlyMap<number, bigint>, { ticks }: ConcentratedState): Found[] {
  const live = new Map(Array.from(ticks.indexes, (index, place) => [index, ticks.nets[place]]))
  const indexes = [...new Set([...stored.keys(), ...live.keys()])].toSorted((a, b) => a - b)
  return indexes.flatMap((index): Found[] => {
    const [was, is] = [stored.get(index), live.get(index)]
    if (was === is) return []
    const text = (net: bigint | undefined): string => (net === undefined ? 'none' : String(net))
    return [{ field: `liquidityNet of tick ${index}`, stored: text(was), chain: text(is) }]
  })
}
