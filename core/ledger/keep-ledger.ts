import type { Cancel, Clock } from '#core/clock.ts'
import { type AppError, isAppError } from '#core/errors.ts'
import { auditLedger, type LedgerAudit } from './audit.ts'
import type { LedgerClerk } from './clerk.ts'
import { valueOf } from './document.ts'
import { freezeBreached } from './freeze-breached.ts'
import type { ReadPorts } from './read-balance.ts'

/** What is done over and over for a ledger. */
export type LedgerJob = {
  readonly name: string
  /** Between the end of one run and the beginning of the next. */
  readonly everyMs: number
  /** @throws AppError `unavailable` where it cannot be done now */
  run(): Promise<void>
}

/** A run of a job has ended; `error` is why it could not be done. */
export type JobEnd = { readonly job: string; readonly ms: number; readonly error?: AppError }

/**
 * Runs jobs until it is told to stop, each by itself, so that none waits for another. What cannot be done now is told, and
 * tried again.
 *
 * @throws anything that is no `AppError`: a bug
 */
export async function runJobs(
  { clock }: { readonly clock: Pick<Clock, 'sleep' | 'monotonicMs'> },
  jobs: readonly LedgerJob[],
  onEnd: (end: JobEnd) => void,
  stop: Cancel,
): Promise<void> {
  async function keepOn({ name, everyMs, run }: LedgerJob): Promise<void> {
    while (!stop.aborted) {
      const startedAt = clock.monotonicMs()
      const end = (error?: AppError): void =>
        onEnd({ job: name, ms: clock.monotonicMs() - startedAt, ...(error && { error }) })
      try {
        // oxlint-disable-next-line no-await-in-loop -- one run after the other
        await run()
        end()
      } catch (error) {
        if (!isAppError(error)) throw error
        end(error)
      }
      // oxlint-disable-next-line no-await-in-loop -- likewise
      await clock.sleep(everyMs, stop)
    }
  }
  await Promise.all(jobs.map(keepOn))
}

/** An audit, and which accounts were frozen because of it. */
export type KeptAudit = { readonly audit: LedgerAudit; readonly frozen: readonly string[] }

/** What an audit leaves to other work: it rests this long behind each page, which takes some milliseconds. */
const REST_MS = 5

/**
 * Audits a whole ledger in slices, and freezes each account that is not what the log says and is not frozen yet.
 *
 * @param actor who does it, for the record
 * @throws AppError `unavailable` where the store cannot be used
 */
export async function auditAndFreeze(
  ports: ReadPorts & { readonly clerk: LedgerClerk; readonly clock: Pick<Clock, 'sleep'> },
  ledger: string,
  actor: string,
  stop: Cancel,
): Promise<KeptAudit | undefined> {
  let isStopped = false
  const pause = async (): Promise<void> => {
    await ports.clock.sleep(REST_MS, stop)
    isStopped ||= stop.aborted
  }
  const audit = await auditLedger(ports, ledger, { pause })
  if (isStopped) return undefined
  const named = [...new Set(audit.breaches.flatMap(({ account }) => account ?? []))]
  const standings = await ports.store.documents(
    ledger,
    named.map((id) => ({ kind: 'standing', id })),
  )
  const open = new Set(
    named.filter((_, index) => {
      const standing = standings[index]
      return !standing || !valueOf('standing', standing).isFrozen
    }),
  )
  const breaches = audit.breaches.filter(
    ({ account }) => account !== undefined && open.has(account),
  )
  const frozen = await freezeBreached(ports.clerk, { ...audit, breaches }, actor)
  return { audit, frozen: frozen.map(({ account }) => account) }
}
