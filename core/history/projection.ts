import type { BlockRef } from '#core/chain.ts'
import type { DocumentSpec, Key } from './document.ts'
import type { ChainEvent, EventBody, EventFamily } from './event.ts'

/** A document in the hands of a fold, which reads and sets `value` and, when it sets it, `changedAt`. */
export type Slot<T extends object = object> = {
  /** As the events folded so far have made it; undefined where it does not exist. */
  value: T | undefined
  /** The last block that changed it; undefined while it is as the head has it. */
  changedAt: BlockRef | undefined
}

/** The documents that a fold may read and change: those that were wanted before it began. */
export type DocumentsAtHand = {
  /** @throws Error for a document that was not wanted: without it the fold would build on nothing */
  slot<T extends object>(spec: DocumentSpec<T>, key: Key): Slot<T>
}

/** A value while a fold changes its copy of it. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A document that is needed. One that is known not to exist is not looked up. */
export type Wanted = {
  readonly spec: DocumentSpec
  readonly key: Key
  readonly isNew?: boolean
}

/**
 * A fold over batches of events, one after another; several of them may be committed together. It lasts: its code is made
 * quick for it once, and not for each batch anew. Nothing of a batch that is finished is left in it.
 */
export type Fold<Body extends EventBody = EventBody> = {
  /** The next event, in chain order. */
  apply(event: ChainEvent<Body>): void
  /** The batch is over: what was added up aside is put into the documents, and all that is known of them is dropped. */
  finish(): void
}

/** What a fold is given. */
export type FoldInput = {
  readonly documents: DocumentsAtHand
  /** What the deployment indexes; a projection looks for the sources that it knows. */
  readonly sources: readonly { readonly kind: string }[]
}

/**
 * Folds events into documents. A fold is pure but for the documents that it is given: the same events fold into the
 * same documents, however they are grouped into batches.
 *
 * A document is copied when a fold first changes it, and the copy changed in place from then on: what a slot held
 * before stays as it was.
 */
export type Projection<Body extends EventBody = EventBody> = {
  readonly name: string
  /**
   * Raised when the same events fold into other documents than before, so that nobody builds on old ones. A test keeps
   * it in step with what the projection makes of recorded blocks.
   */
  readonly version: number
  /** The documents that it writes, and nobody else. */
  readonly documents: readonly DocumentSpec[]
  /** The events that it is given. */
  readonly families: readonly EventFamily<Body>[]
  /**
   * Projections whose documents it reads, as they are before the event at hand: it stands in front of them in the
   * catalogue.
   */
  readonly reads?: readonly string[]
  /** The documents that these events read, as far as the events alone tell. */
  wants(events: readonly ChainEvent<Body>[]): Wanted[]
  /** The others, once those of `wants` are at hand. */
  wantsThen?(events: readonly ChainEvent<Body>[], documents: DocumentsAtHand): Wanted[]
  begin(input: FoldInput): Fold<Body>
  /** Whether the next events are likely to need a document again: it then stays at hand after the commit. */
  isOpen?(
    document: { readonly spec: DocumentSpec; readonly value: object },
    documents: DocumentsAtHand,
  ): boolean
}
