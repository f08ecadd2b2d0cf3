import type { BlockRange } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { assert } from '#core/errors.ts'
import { emptyDigest } from '#core/history/digest.ts'
import { refOf } from '#core/history/document.ts'
import type { CommitId, StateDigest, View } from '#core/history/head.ts'
import type { EventTable } from '#core/history/ports.ts'
import type { Projection } from '#core/history/projection.ts'
import { walkEvents } from '#core/history/walk-events.ts'
import type { AppendPorts } from '#core/indexing/append-blocks.ts'
import { createDerivation } from '#core/indexing/derive.ts'
import type { Replacement } from '#core/indexing/ports.ts'
import type { AnySource } from '#core/indexing/source.ts'

/** Makes the documents of some projections anew, in trees of their own, from the events that are stored. */
export type DocumentDeriver = {
  /**
   * Folds the events of a range, which follows those folded before.
   *
   * @param view final blocks with the events to fold; its projections name the trees to write to
   * @returns generator of how many events were folded since the last step, and the block they end at
   */
  fold(view: View, range: BlockRange, cancel: Cancel): AsyncGenerator<FoldStep>
  /** What the documents made so far hash to. */
  state(): StateDigest
}

type FoldStep = { readonly events: number; readonly number: number }

type Ports = Pick<
  AppendPorts,
  'heads' | 'tree' | 'views' | 'writer' | 'catalogue' | 'sha256' | 'clock'
> & { readonly events: EventTable }

/** Events of a family that are read at a time. Every document that they change is written once. */
const EVENTS_READ = 20_000

/** @param commit the name of the rebuild: all versions are of it */
export function createDocumentDeriver(
  ports: Ports,
  projections: readonly Projection[],
  sources: readonly AnySource[],
  commit: CommitId,
): DocumentDeriver {
  const catalogue = { ...ports.catalogue, projections }
  const families = catalogue.families.filter((family) =>
    projections.some((projection) => projection.families.includes(family)),
  )
  const derivation = createDerivation({ ...ports, catalogue }, sources)
  let state: StateDigest = emptyDigest

  return {
    async *fold(view, range, cancel) {
      for await (const events of walkEvents(ports, view, families, range, EVENTS_READ)) {
        if (cancel.aborted) return
        const { digest } = view.head
        const base = { ...view, head: { ...view.head, digest: { ...digest, ...state } } }
        await derivation.fold(base, events)
        const batch = derivation.finish()
        const derived = derivation.changes(base, batch)
        const by = { commit, move: view.head.move }
        const replacements = derived.changes.map(({ id, version, stored }): Replacement => ({
          id,
          version: { ...version, ...by },
          previous: null,
          expected: stored && refOf(stored),
        }))
        const missed = await ports.writer.atomically(() => ports.writer.replace(replacements))
        assert(missed.length === 0, 'nobody else writes to the trees of a rebuild')
        derivation.accept(batch, by)
        ;({ state } = derived)
        yield { events: events.length, number: events.at(-1)?.block.number ?? range.to }
      }
    },
    state: () => state,
  }
}
