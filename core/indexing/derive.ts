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
import { createWorkingSet } from './working-set.ts'

type DerivePorts = ResolvePorts & {
  readonly catalogue: Catalogue
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'sleep'>
}

/** Folds events into documents, batch after batch; it keeps those at hand that the next batch is likely to need. */
export type Derivation = {
  /** What these events, in chain order, make of the documents of a base. Nothing is stored. */
  derive(
    base: View,
    events: readonly ChainEvent[],
  ): Promise<{ readonly changes: Change[]; readonly state: StateDigest }>
  /** What was derived last is committed. */
  accept(by: Pick<VersionRef, 'commit' | 'move'>): void
  /** What was derived last is not, or the head is elsewhere: all documents are read anew. */
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
  /** Of the batches so far; undefined where one was left in the middle. */
  let lasting: Fold | undefined

  return {
    async derive(base, events) {
      const parts = partsOf(catalogue, events)
      await set.load(base, wantedByEvents(parts))
      await set.load(base, wantedThen(parts, set))
      const fold = lasting ?? beginFold(catalogue, { documents: set, sources })
      lasting = undefined
      for (let from = 0; from < events.length; from += TURN) {
        // Let answers come in meanwhile: a node that cannot deliver does not go on to the next one.
        if (from > 0) await ports.clock.sleep(0)
        applySome(fold, events, from, Math.min(from + TURN, events.length))
      }
      fold.finish()
      lasting = fold
      return set.changes(base)
    },
    accept(by) {
      set.accept(
        by,
        (document) =>
          projectionOf.get(document.spec.projection.name)?.isOpen?.(document, set) ?? false,
      )
    },
    forget: set.forget,
  }
}
