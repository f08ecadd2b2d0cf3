import type { Clock } from '#core/clock.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { VersionRef } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { StateDigest, View } from '#core/history/head.ts'
import type { Fold } from '#core/history/projection.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import type { Catalogue } from './catalogue.ts'
import type { Change } from './write-documents.ts'
import { beginFold, partsOf, wantedByEvents, wantedThen } from './project.ts'
import type { AnySource } from './source.ts'
import { type ChangedDocuments, createWorkingSet } from './working-set.ts'

type DerivePorts = ResolvePorts & {
  readonly catalogue: Catalogue
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'sleep'>
}

/**
 * Folds events into documents, batch after batch; it keeps those at hand that the next batch is likely to need. One call
 * of `fold` at a time. Nothing is stored.
 */
export type Derivation = {
  /**
   * Folds events, in chain order, that follow those folded before.
   *
   * @param base what was committed last, as which documents are read that are not at hand; undefined where nothing was
   * @throws before any event is folded where documents cannot be read: it may be called again
   */
  fold(base: View | undefined, events: readonly ChainEvent[]): Promise<void>
  /** Ends a batch: what is folded from now on is of the next one. */
  finish(): ChangedDocuments
  /**
   * What the events of a batch make of the documents, once all batches before it are accepted.
   *
   * @param base the head that it is to be committed on
   */
  changes(
    base: View,
    batch: ChangedDocuments,
  ): { readonly changes: Change[]; readonly state: StateDigest }
  /** A batch is committed. */
  accept(batch: ChangedDocuments, by: Pick<VersionRef, 'commit' | 'move'>): void
  /** What was derived and not accepted never will be, or the head is elsewhere: all documents are read anew. */
  forget(): void
}

/** Events folded without a pause. */
const TURN = 2_000

function applySome(fold: Fold, events: readonly ChainEvent[], from: number, to: number): void {
  for (let index = from; index < to; index++) fold.apply(events[index] as ChainEvent)
}

export function createDerivation(ports: DerivePorts, sources: readonly AnySource[]): Derivation {
  const { catalogue } = ports
  const projectionOf = new Map(catalogue.projections.map((each) => [each.name, each]))
  const set = createWorkingSet(ports)
  /** Of all events so far; undefined before the first, and where some were left in the middle. */
  let lasting: Fold | undefined

  return {
    async fold(base, events) {
      const parts = partsOf(catalogue, events)
      await set.load(
        base,
        () => wantedByEvents(parts),
        () => wantedThen(parts, set),
      )
      const fold = lasting ?? beginFold(catalogue, { documents: set, sources })
      lasting = undefined
      for (let from = 0; from < events.length; from += TURN) {
        // Let answers come in meanwhile: a node that cannot deliver does not go on to the next one.
        if (from > 0) await ports.clock.sleep(0)
        applySome(fold, events, from, Math.min(from + TURN, events.length))
      }
      // What the next ones want may depend on these.
      fold.finish()
      lasting = fold
    },
    finish: set.finish,
    changes: set.changes,
    accept(batch, by) {
      set.accept(
        batch,
        by,
        (document, documents) =>
          projectionOf.get(document.spec.projection.name)?.isOpen?.(document, documents) ?? false,
      )
    },
    forget: set.forget,
  }
}
