import type { Clock } from '#core/clock.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { LedgerClerk } from './clerk.ts'
import { type Entry, openEntry } from './entry.ts'
import { findExpired, LEDGER_SCOPE } from './expire-points.ts'
import { type OperationId, operationId, type OperationRequest } from './operation.ts'
import { type ReadPorts, readUpToDate } from './read-balance.ts'

/** Holds that have a lease and no end yet, as the log tells of them. */
type LeaseBook = {
  take(entry: Entry): void
  /** Those whose lease has ended, in milliseconds since 1970. */
  due(nowMs: number): OperationId[]
}

function createLeaseBook(): LeaseBook {
  const leases = new Map<OperationId, number>()
  return {
    take({ operations, atMs }) {
      for (const { scope, key, operation, outcome } of operations) {
        if (outcome.status === 'refused') continue
        if (operation.kind === 'hold' && operation.leaseMs !== null)
          leases.set(operationId(scope, key), atMs + operation.leaseMs)
        else if ('hold' in operation) leases.delete(operation.hold)
      }
    },
    due: (nowMs) => [...leases].filter(([, untilMs]) => untilMs <= nowMs).map(([id]) => id),
  }
}

/** What a sweep has done. */
export type Sweep = { readonly lapsed: number; readonly expired: number }

/** Brings to their end what ends by itself: holds whose lease is over, and points that are too old. */
export type Sweeper = {
  /**
   * Looks once at everything that is due. Done twice at once, or again, it does nothing twice.
   *
   * @throws AppError `unavailable` where the store cannot be used
   */
  sweep(): Promise<Sweep>
}

/** Entries and documents that are read at once. */
const PAGE = 200
/** Requests that are submitted at once: they share entries of the ledger. */
const AT_ONCE = 250

/**
 * Reads the log once, and from then on what is new in it.
 *
 * @param actor who does it, for the record
 */
export function createSweeper(
  ports: ReadPorts & {
    readonly clerk: LedgerClerk
    readonly clock: Pick<Clock, 'nowMs'>
    readonly sha256: Sha256
  },
  ledger: string,
  actor: string,
): Sweeper {
  const { store, clerk, clock, sha256 } = ports
  const book = createLeaseBook()
  let read = 0

  async function readNew(): Promise<void> {
    for (;;) {
      const page = await store.entries(ledger, read + 1, PAGE)
      for (const stored of page) {
        book.take(openEntry(stored))
        read = stored.sequence
      }
      if (page.length < PAGE) return
    }
  }

  async function submit(requests: readonly OperationRequest[]): Promise<number> {
    const receipts = await Promise.all(requests.map((request) => clerk.submit(request)))
    return receipts.filter(
      (receipt) =>
        receipt.status === 'recorded' && !receipt.isReplay && receipt.outcome.status === 'done',
    ).length
  }

  async function expire(nowMs: number): Promise<number> {
    let count = 0
    for (let after: string | undefined; ;) {
      const assets = await store.walkDocuments(ledger, 'asset', after, PAGE)
      for (const { id: asset } of assets) {
        let waiting: OperationRequest[] = []
        for await (const request of (await findExpired(ports, ledger, { asset, actor, nowMs })) ??
          []) {
          waiting.push(request)
          if (waiting.length < AT_ONCE) continue
          count += await submit(waiting)
          waiting = []
        }
        count += await submit(waiting)
      }
      after = assets.at(-1)?.id
      if (assets.length < PAGE) return count
    }
  }

  return {
    async sweep() {
      await readUpToDate(ports, ledger)
      await readNew()
      const nowMs = clock.nowMs()
      const due = book.due(nowMs).map((hold): OperationRequest => ({
        scope: LEDGER_SCOPE,
        // The id of a hold is no key, since it has a slash.
        key: `lapse:${sha256(hold)}`,
        actor,
        operation: { kind: 'lapse', hold },
      }))
      let lapsed = 0
      for (let from = 0; from < due.length; from += AT_ONCE)
        lapsed += await submit(due.slice(from, from + AT_ONCE))
      const expired = await expire(nowMs)
      // Its own entries, so that what it has just ended is not due again.
      await readNew()
      return { lapsed, expired }
    },
  }
}
