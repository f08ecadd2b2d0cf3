import type { ChainTip } from '#core/history/ports.ts'
import type { BlockSource, NewestBlock } from '#core/indexing/ports.ts'

/** An answer is held up for this long at most; one that comes later is there for the next. */
const WAIT_MS_MAX = 200
/** What was last seen stands in for an answer that is under way, but not for longer. */
const LAST_SEEN_MS_MAX = 30_000

type Sighting = { readonly block: NewestBlock | undefined; readonly at: number }

/**
 * The chain's newest block, asked for at most once in `ttlMs` however many want it.
 *
 * @param ttlMs how long a block counts as the newest: the chain's poll interval
 */
export function createChainTip(
  source: Pick<BlockSource, 'head'>,
  ttlMs: number,
): ChainTip & { expire(): void } {
  let seen: Sighting | undefined
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    try {
      const { latest } = await source.head()
      seen = { block: latest, at: performance.now() }
    } catch {
      // Whatever the reason: the tip is not known. A failure is kept as long as an answer, so that it is not asked
      // for over and over.
      seen = { block: undefined, at: performance.now() }
    } finally {
      asking = undefined
    }
  }

  return {
    /** The next who wants to know is told what the chain says then, since it has a newer block. */
    expire() {
      if (seen) seen = { ...seen, at: Number.NEGATIVE_INFINITY }
    },
    async newest() {
      const last = seen
      if (last && performance.now() - last.at < ttlMs) return last.block
      asking ??= ask()
      // While the chain is away nobody waits for it.
      if (last && !last.block) return undefined
      if (await settlesWithin(asking, WAIT_MS_MAX)) return seen?.block
      return last && performance.now() - last.at < LAST_SEEN_MS_MAX ? last.block : undefined
    },
  }
}

async function settlesWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  const settled = await Promise.race([promise.then(() => true), late])
  clearTimeout(timer)
  return settled
}
