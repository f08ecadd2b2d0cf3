import type { Clock, Cancel } from '#core/clock.ts'
import { AppError, isAppError } from '#core/errors.ts'
import { jittered } from '#core/jitter.ts'
import type { Views } from '#core/history/view.ts'
import { type Auditor, type Mismatch } from './audit-blocks.ts'
import { finalBlocks, sampleBlock } from './sample-block.ts'

export type SampleAuditPorts = {
  readonly auditor: Auditor
  readonly views: Views
  readonly clock: Clock
  readonly newId: () => string
  /** From 0 up to 1, which is left out. */
  readonly random: () => number
}

export type SampleAuditInput = {
  /** How long one block is followed by the next, in milliseconds, a little more or less. */
  readonly everyMs: number
  /** Whether nothing else waits for the chain; asked before every block. */
  readonly isIdle: () => boolean
}

/** What an audit tells, as it happens. */
export type AuditEvent =
  /** `mismatches` is empty where all that is stored of the block is as the chain proves it. */
  | {
      readonly status: 'audited'
      readonly block: number
      readonly rows: number
      readonly mismatches: readonly Mismatch[]
      /** Blocks that did not agree when they were last looked at, ascending. */
      readonly wrong: readonly number[]
    }
  /** The block could not be proven or compared now; another one has the next turn. */
  | { readonly status: 'skipped'; readonly block: number; readonly error: AppError }

/** Of these many blocks that do not agree it is remembered, so that it is seen when they are mended. */
const WRONG_MAX = 16
/** How long one that is busy is waited for before it is asked again. */
const BUSY_MS = 1_000

/**
 * Audits a random final block now and then, for ever: by and by a history is held against the chain that it was made
 * of, at the price of one header and one list of receipts a turn. Blocks that did not agree have every other turn,
 * until they are mended.
 */
export async function* auditSample(
  { auditor, views, clock, newId, random }: SampleAuditPorts,
  { everyMs, isIdle }: SampleAuditInput,
  cancel: Cancel,
): AsyncGenerator<AuditEvent> {
  const wrong = new Set<number>()
  for (let turn = 0; ; turn++) {
    await clock.sleep(jittered(everyMs, newId), cancel)
    while (!isIdle() && !cancel.aborted) await clock.sleep(BUSY_MS, cancel)
    if (cancel.aborted) return
    const view = await views.current().catch(unlessUnavailable)
    if (!view) continue
    const again = turn % 2 === 1 ? [...wrong][Math.floor(random() * wrong.size)] : undefined
    const block = again ?? sampleBlock(finalBlocks(view), random())
    if (block === undefined) continue
    try {
      const { rows, mismatches } = await auditor.audit(view, { from: block, to: block })
      if (mismatches.length === 0) wrong.delete(block)
      else if (wrong.size < WRONG_MAX) wrong.add(block)
      const known = [...wrong].toSorted((a, b) => a - b)
      yield { status: 'audited', block, rows, mismatches, wrong: known }
    } catch (error) {
      if (!isAppError(error)) throw error
      yield { status: 'skipped', block, error }
    }
  }
}

function unlessUnavailable(error: unknown): undefined {
  if (!isAppError(error, 'unavailable')) throw error
}
