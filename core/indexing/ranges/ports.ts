import type { BlockRange } from '#core/chain.ts'

/**
 * What becomes of a range of blocks: nobody is at it, somebody is, its logs are kept, or it failed so often that an
 * operator must look at it.
 */
type RangeState = 'open' | 'held' | 'done' | 'failed'

/** Blocks whose logs are to be collected, and how far that is. Times in milliseconds since 1970. */
export type WorkRange = BlockRange & {
  readonly state: RangeState
  /** Who holds it, or held it last. */
  readonly owner: string | null
  /** Until when it is held, or not to be tried again; null while nothing was tried. */
  readonly until: number | null
  /** How often it was begun. */
  readonly tries: number
  /** Why the last try failed. */
  readonly reason: string | null
}

/** Who works, and by which clock. Clocks of machines differ: a lease saves work, and nothing that is right rests on it. */
export type Holder = { readonly owner: string; readonly now: number; readonly leaseMs: number }

/**
 * The ranges that are to be collected, shared by all processes of a deployment. A plan names what is collected; a range
 * belongs to a plan and is known in it by its first block. Each step is one atomic write.
 */
export type RangeTable = {
  /** Adds what is not there yet. */
  plan(plan: string, ranges: readonly BlockRange[]): Promise<void>
  /**
   * The lowest range that nobody holds, or whose lease or pause is over, is held from now on; with `from` only that one.
   * Undefined where there is none.
   */
  claim(plan: string, holder: Holder, from?: number): Promise<WorkRange | undefined>
  /** Holds it for longer. False where it is another's by now. */
  renew(plan: string, from: number, holder: Holder): Promise<boolean>
  /** Its logs are kept, whoever holds it. */
  finish(plan: string, from: number, owner: string): Promise<void>
  /** It could not be done; it is open again after a pause, or failed for good. Nothing where it is another's by now. */
  fail(plan: string, from: number, failure: RangeFailure): Promise<void>
  /** By first block. */
  list(plan: string, query?: RangeQuery): Promise<WorkRange[]>
  /** Failed ranges, and those that pause, are open at once. @returns how many */
  reopen(plan: string): Promise<number>
  /** Forgets ranges that end at or below a block. */
  forget(plan: string, upTo: number): Promise<void>
  /** The plans that have ranges. */
  plans(): Promise<string[]>
}

type RangeFailure = {
  readonly owner: string
  readonly reason: string
  /** When it may be tried again; null: an operator has to look at it first. */
  readonly retryAt: number | null
}

type RangeQuery = {
  readonly state?: RangeState
  /** Ranges that begin at this block or above. */
  readonly from?: number
  readonly limit?: number
}

/** A right that one process at a time has, for as long as it says that it is alive. */
export type LeaseTable = {
  /** Takes or renews it. @returns who has it after that, and until when */
  take(name: string, holder: Holder): Promise<{ readonly owner: string; readonly until: number }>
  /** Gives it back; nothing where it is another's by now. */
  release(name: string, owner: string): Promise<void>
}

/**
 * Tells processes which ranges there are, so that none has to look into the table again and again. A hint: it may lose
 * everything, and tell things twice.
 */
export type RangeQueue = {
  announce(plan: string, ranges: readonly BlockRange[]): Promise<void>
  /**
   * Hands out hints, a few at once, until closed. What the work rejects with is kept for operators.
   *
   * @param work what to do with the range that begins at a block
   */
  work(plan: string, concurrency: number, work: (from: number) => Promise<void>): QueueWorker
}

type QueueWorker = { close(): Promise<void> }
