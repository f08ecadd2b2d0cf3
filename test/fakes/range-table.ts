import type { LeaseTable, RangeTable, WorkRange } from '#core/indexing/ranges/ports.ts'

/** Ranges and leases in memory. */
export function createMemoryRangeTable(): { ranges: RangeTable; leases: LeaseTable } {
  const tables = new Map<string, Map<number, WorkRange>>()
  const leased = new Map<string, { owner: string; until: number }>()
  const tableOf = (plan: string): Map<number, WorkRange> => {
    const known = tables.get(plan) ?? new Map<number, WorkRange>()
    tables.set(plan, known)
    return known
  }
  const sorted = (plan: string): WorkRange[] =>
    [...tableOf(plan).values()].toSorted((a, b) => a.from - b.from)
  const change = (plan: string, from: number, next: Partial<WorkRange>): WorkRange | undefined => {
    const range = tableOf(plan).get(from)
    if (!range) return undefined
    const changed = { ...range, ...next }
    tableOf(plan).set(from, changed)
    return changed
  }
  const isHeldBy = (plan: string, from: number, owner: string): boolean => {
    const range = tableOf(plan).get(from)
    return range?.state === 'held' && range.owner === owner
  }

  return {
    ranges: {
      async plan(plan, ranges) {
        for (const { from, to } of ranges)
          if (!tableOf(plan).has(from))
            tableOf(plan).set(from, {
              from,
              to,
              state: 'open',
              owner: null,
              until: null,
              tries: 0,
              reason: null,
            })
      },
      async claim(plan, { owner, now, leaseMs }, from) {
        const free = sorted(plan).find(
          (range) =>
            (range.state === 'open' || range.state === 'held') &&
            (range.until ?? 0) <= now &&
            (from === undefined || range.from === from),
        )
        const tries = (free?.tries ?? 0) + 1
        return (
          free && change(plan, free.from, { state: 'held', owner, until: now + leaseMs, tries })
        )
      },
      async renew(plan, from, { owner, now, leaseMs }) {
        if (!isHeldBy(plan, from, owner)) return false
        change(plan, from, { until: now + leaseMs })
        return true
      },
      async finish(plan, from, owner) {
        change(plan, from, { state: 'done', owner, reason: null })
      },
      async fail(plan, from, { owner, reason, retryAt }) {
        if (!isHeldBy(plan, from, owner)) return
        change(plan, from, { state: retryAt === null ? 'failed' : 'open', until: retryAt, reason })
      },
      async list(plan, { state, from = 0, limit = Number.POSITIVE_INFINITY } = {}) {
        return sorted(plan)
          .filter((range) => range.from >= from && (state === undefined || range.state === state))
          .slice(0, limit)
      },
      async reopen(plan) {
        const paused = sorted(plan).filter(
          ({ state, until }) => state === 'failed' || (state === 'open' && until !== null),
        )
        for (const { from } of paused) change(plan, from, { state: 'open', until: null, tries: 0 })
        return paused.length
      },
      async forget(plan, upTo) {
        for (const { from, to } of sorted(plan)) if (to <= upTo) tableOf(plan).delete(from)
      },
      async plans() {
        return [...tables]
          .filter(([, table]) => table.size > 0)
          .map(([plan]) => plan)
          .toSorted()
      },
    },
    leases: {
      async take(name, { owner, now, leaseMs }) {
        const other = leased.get(name)
        if (!other || other.owner === owner || other.until <= now)
          leased.set(name, { owner, until: now + leaseMs })
        return leased.get(name) as { owner: string; until: number }
      },
      async release(name, owner) {
        if (leased.get(name)?.owner === owner) leased.delete(name)
      },
    },
  }
}
