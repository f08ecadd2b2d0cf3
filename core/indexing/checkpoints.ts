import type { Hash } from '#core/chain.ts'
import type { HeadEntry, View } from '#core/history/head.ts'
import type { HeadLog } from '#core/history/ports.ts'

/** A block, and the digest of events up to it that a commit left in the head log. */
export type Checkpoint = { readonly number: number; readonly events: Hash }

/** Entries of the head log that are read at a time. */
const ENTRIES = 1_000

/**
 * Where the line of the view stood after each commit, with the digest of events up to there; the origin first. What was
 * committed before a rebuild put other rows in its place is left out from the first of those rows on.
 */
export async function* checkpoints(heads: HeadLog, view: View): AsyncGenerator<Checkpoint> {
  const open: Checkpoint[] = []
  const { rewrites = [] } = view.head
  const isReplaced = ({ move, number }: HeadEntry): boolean =>
    rewrites.some((run) => move < run.move && number >= run.from)
  for (let from = 0; ;) {
    const entries = await heads.since(view.chainId, from, ENTRIES)
    for (const entry of entries) {
      if (entry.move > view.head.move) break
      if (entry.reason === 'fence') continue
      while (open.length > 0 && (open.at(-1) as Checkpoint).number >= entry.number) open.pop()
      if (!isReplaced(entry)) open.push({ number: entry.number, events: entry.digest.events })
      // What is final is never taken back.
      while (open.length > 0 && (open[0] as Checkpoint).number < entry.finalized.number)
        yield open.shift() as Checkpoint
    }
    const last = entries.at(-1)
    if (!last || last.move >= view.head.move || entries.length < ENTRIES) break
    from = last.move + 1
  }
  yield* open
}
