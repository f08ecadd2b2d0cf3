import type { RangeQueue } from '#core/indexing/ranges/ports.ts'

/** Hints within this process, for a deployment without Redis; other processes find ranges in the table. */
export function createMemoryRangeQueue(): RangeQueue {
  const waiting = new Map<string, Set<number>>()
  const wake = new Set<() => void>()
  const rangesOf = (plan: string): Set<number> => {
    const known = waiting.get(plan) ?? new Set<number>()
    waiting.set(plan, known)
    return known
  }

  return {
    async announce(plan, ranges) {
      const known = rangesOf(plan)
      for (const { from } of ranges) known.add(from)
      for (const each of wake) each()
    },
    work(plan, concurrency, work) {
      const running = new Set<Promise<void>>()
      let isClosed = false

      function fill(): void {
        const known = rangesOf(plan)
        for (const from of known) {
          if (isClosed || running.size >= concurrency) return
          known.delete(from)
          // What fails is in the table, and found there again.
          const done = work(from).catch(() => undefined)
          running.add(done)
          void done.finally(() => {
            running.delete(done)
            fill()
          })
        }
      }
      wake.add(fill)
      fill()
      return {
        async close() {
          isClosed = true
          wake.delete(fill)
          await Promise.all(running)
        },
      }
    },
  }
}
