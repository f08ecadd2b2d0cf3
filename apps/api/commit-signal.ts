import type { Cancel } from '#core/clock.ts'
import type { HeadLog } from '#core/history/ports.ts'

/** Wakes who waits for what comes next of a chain, sooner than the next poll would. */
export type CommitSignal = {
  /** Grows whenever a commit was heard of: to be taken before what is there is read. */
  heard(): number
  /** Resolves when more was heard of than `heard`, after `ms` at the latest, or when cancelled. */
  wait(heard: number, ms: number, cancel: Cancel): Promise<void>
}

/** The same, for whoever hears that something may have happened. */
export type CommitListener = CommitSignal & {
  /** The store may have been written to: its head is looked at, where anybody waits. */
  hint(): void
  /** The chain has a new block: whoever waits for the chain itself is woken, and the commit of the block is looked for. */
  newBlock(): void
}

/** A block that a node tells of is committed within about so long, in milliseconds. */
const COMMIT_MS = [20, 50, 100, 200, 400, 800] as const

/**
 * When the head is looked at after a hint, each in milliseconds after the one before. A writer's file changes before the
 * disk has it, and only then the commit can be read.
 */
const LOOKS_MS = [1, 2, 2, 4, 4, 8, 8, 16, 32, 64, 128] as const

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

/**
 * A signal for the commits of a chain. However many hints come and however many wait, the head is read once at a time;
 * what it does not tell is found by the polls of those who wait.
 */
export function createCommitSignal(
  heads: Pick<HeadLog, 'latest'>,
  chainId: number,
): CommitListener {
  const waiting = new Set<() => void>()
  let count = 0
  let known: number | undefined
  let isHinted = false
  let looking: Promise<void> | undefined

  function tell(): void {
    count++
    for (const wake of waiting) wake()
  }

  /** Whether the head has moved since it was last looked at. */
  async function hasMoved(): Promise<boolean> {
    const move = (await heads.latest(chainId))?.move
    if (move === known) return false
    known = move
    return true
  }

  async function look(): Promise<void> {
    try {
      while (isHinted) {
        isHinted = false
        for (const ms of LOOKS_MS) {
          // oxlint-disable-next-line no-await-in-loop -- a look after the other
          await after(ms)
          // oxlint-disable-next-line no-await-in-loop -- likewise
          if (await hasMoved()) {
            tell()
            break
          }
          if (isHinted || waiting.size === 0) break
        }
      }
    } catch {
      // A store that cannot be read is told of by whoever reads it for an answer.
      isHinted = false
    } finally {
      looking = undefined
    }
  }

  function hint(): void {
    // Nobody has to be woken, but whoever is about to wait must not miss it.
    if (waiting.size === 0) {
      count++
      return
    }
    isHinted = true
    looking ??= look()
  }

  return {
    heard: () => count,
    async wait(heard, ms, cancel) {
      if (count !== heard || cancel.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms)
      const signal = cancel instanceof AbortSignal ? cancel : undefined
      signal?.addEventListener('abort', () => resolve(), { once: true })
      waiting.add(resolve)
      try {
        await promise
      } finally {
        clearTimeout(timer)
        waiting.delete(resolve)
      }
    },
    hint,
    newBlock() {
      tell()
      for (const ms of COMMIT_MS) setTimeout(hint, ms).unref()
    },
  }
}
