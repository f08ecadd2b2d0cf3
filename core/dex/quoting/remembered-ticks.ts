import type { BlockRef, Hash } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { BlockChanges, StateReader, StateWant, TickChanges } from '#core/dex/ports.ts'
import type { ConcentratedState, PoolState } from '#core/dex/protocols/state.ts'
import { NO_WORDS, wordOfTick, wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'

/** A pool as it was read last. */
type Known = { readonly block: BlockRef; readonly state: ConcentratedState }

/** So many blocks are remembered with what changed in them: the ticks of a pool that nobody asked for in between hold too. */
const BLOCKS_MAX = 32
/** Of all pools together; a tick takes some 50 bytes. */
const TICKS_MAX = 500_000
/** Counts for a pool besides its ticks. */
const POOL_TICKS = 20

/**
 * Remembers the ticks of V3 pools from block to block. Price and liquidity in range are read for every block; the ticks
 * again only where they may be others:
 *
 * - where a position of the pool changed in one of the blocks since (only Mint and Burn change ticks),
 * - where it is not known which blocks came since: the block that they are known from is not the one before, nor leads
 *   to it by blocks that were asked about,
 * - where the price has left them,
 * - and where they do not lead from the liquidity in range as it was to the one that is read: such a pool is none of V3's.
 */
export function rememberTicks(states: StateReader, changes: TickChanges): StateReader {
  const pools = new Map<string, Known>()
  const blocks = new Map<Hash, BlockChanges>()
  const asked = new Map<Hash, Promise<BlockChanges | undefined>>()
  let size = 0

  const sizeOf = ({ state }: Known): number => POOL_TICKS + state.ticks.indexes.length

  function forget(id: string): void {
    const known = pools.get(id)
    if (known) size -= sizeOf(known)
    pools.delete(id)
  }

  function keep({ pool }: StateWant, block: BlockRef, state: PoolState | undefined): void {
    if (pool.protocol !== 'uniswap-v3' || state?.kind !== 'concentrated') return
    const before = pools.get(pool.id)
    if (before && before.block.number > block.number) return
    const isSame = before?.block.hash === block.hash
    if (isSame && before.state.ticks.indexes.length > state.ticks.indexes.length) return
    forget(pool.id)
    const known = { block, state }
    pools.set(pool.id, known)
    size += sizeOf(known)
    for (const oldest of pools.keys()) {
      if (size <= TICKS_MAX) break
      forget(oldest)
    }
  }

  /** What may be of use for a block, and has the words that are wanted as far as these are known before the price is. */
  function knownFor(block: BlockRef, { pool, words }: StateWant): Known | undefined {
    const known = pools.get(pool.id)
    if (!known || !(words.centred || hasWords(known.state, words))) return undefined
    const { hash, number } = known.block
    if (hash === block.hash || number === block.number - 1) return known
    // In the blocks between, what changed was asked for, or it is not asked now: that would cost as much as the ticks.
    const isFollowed = [...blocks.values()].some(({ parentHash }) => parentHash === hash)
    return isFollowed && number < block.number ? known : undefined
  }

  /** What changed in a block and in those before it, newest first, as far as that is known or can be told. */
  async function changesUpTo(block: BlockRef): Promise<readonly BlockChanges[]> {
    let asking = asked.get(block.hash)
    if (!blocks.has(block.hash) && !asking) {
      asking = changes.read(block).catch((error: unknown) => {
        // Then everything is read anew.
        if (isAppError(error, 'unavailable')) return undefined
        throw error
      })
      asked.set(block.hash, asking)
      void asking.finally(() => asked.delete(block.hash)).catch(() => {})
    }
    const told = await asking
    if (told) blocks.set(block.hash, told)
    for (const hash of blocks.keys()) {
      if (blocks.size <= BLOCKS_MAX) break
      blocks.delete(hash)
    }
    const found: BlockChanges[] = []
    for (let next = blocks.get(block.hash); next; next = blocks.get(next.parentHash))
      found.push(next)
    return found
  }

  return {
    async read(block, wants) {
      const plan = wants.map((want) => knownFor(block, want))
      const isOlder = plan.some((known) => known && known.block.hash !== block.hash)
      const [read, since] = await Promise.all([
        states.read(
          block,
          wants.map((want, index) => (plan[index] ? { ...want, words: NO_WORDS } : want)),
        ),
        isOlder ? changesUpTo(block) : [],
      ])
      const told = plan.map((known, index) => {
        const fresh = read[index]
        if (!known || fresh?.kind !== 'concentrated') return known ? undefined : fresh
        return isUnchanged(known, block, since, wants[index] as StateWant)
          ? withTicks(known.state, fresh, wants[index] as StateWant)
          : undefined
      })
      const again = wants.flatMap((want, index) =>
        plan[index] && read[index] && !told[index] ? [{ want, index }] : [],
      )
      if (again.length > 0) {
        const others = await states.read(
          block,
          again.map(({ want }) => want),
        )
        for (const [at, { index }] of again.entries()) told[index] = others[at]
      }
      for (const [index, want] of wants.entries()) keep(want, block, told[index])
      return told
    },
  }
}

/** Whether no position of the pool has changed from the block that it is known from up to this one. */
function isUnchanged(
  known: Known,
  block: BlockRef,
  since: readonly BlockChanges[],
  { pool }: StateWant,
): boolean {
  let { hash } = block
  for (const each of since) {
    if (hash === known.block.hash) return true
    if (each.block.hash !== hash || each.changed.has(pool.id)) return false
    hash = each.parentHash
  }
  return hash === known.block.hash
}

/** The state that was read, with the ticks that are known; undefined where these do not suffice or do not fit. */
function withTicks(
  known: ConcentratedState,
  fresh: ConcentratedState,
  { words }: StateWant,
): ConcentratedState | undefined {
  const { tick, tickSpacing } = fresh
  if (tickSpacing !== known.tickSpacing) return undefined
  const centre = words.centred ? wordOfTick(tick, tickSpacing) : 0
  if (!hasWords(known, { from: words.from + centre, to: words.to + centre })) return undefined
  if (liquidityAt(known, tick) !== fresh.liquidity) return undefined
  const isSame = known.sqrtPriceX96 === fresh.sqrtPriceX96 && known.tick === tick
  // The same object: what searches have worked out for it holds.
  return isSame && known.feePips === fresh.feePips ? known : { ...fresh, ticks: known.ticks }
}

/** The liquidity in range, had the price moved on to this tick and nothing else happened. */
function liquidityAt({ tick: from, liquidity, ticks }: ConcentratedState, tick: number): bigint {
  let sum = liquidity
  for (const [at, index] of ticks.indexes.entries()) {
    if (from < index && index <= tick) sum += ticks.nets[at] as bigint
    if (tick < index && index <= from) sum -= ticks.nets[at] as bigint
  }
  return sum
}

/** Whether the words are known, as far as there are such. */
function hasWords(
  { ticks, tickSpacing }: ConcentratedState,
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  const { fromWord, toWord } = wordsOfSpacing(tickSpacing)
  return ticks.fromWord <= Math.max(from, fromWord) && ticks.toWord >= Math.min(to, toWord)
}
