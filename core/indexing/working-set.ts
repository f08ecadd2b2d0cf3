import { allDone } from '#core/concurrent.ts'
import { hashDocument, type Sha256, shiftState, type Sums } from '#core/history/digest.ts'
import {
  type DocumentSpec,
  type Draft,
  type Key,
  keyText,
  type Version,
  type VersionRef,
} from '#core/history/document.ts'
import type { StateDigest, View } from '#core/history/head.ts'
import type { DocumentsAtHand, Slot, Wanted } from '#core/history/projection.ts'
import { documentsOf, type ResolvePorts, resolveKeys } from '#core/history/resolve.ts'
import type { Change } from './write-documents.ts'

/** A document in the writer's hands. */
type WriterSlot = Slot & {
  readonly spec: DocumentSpec
  readonly key: Key
  /** The last batch that asked for it. */
  batch: number
  /** As the head has it, and what that adds to the digest of the state. */
  before: Version | undefined
  beforeHash: bigint
  /** The version that is stored, visible or not, and the one beside it: null where there is none. */
  stored: Version | undefined
  /** Undefined where it was not read. */
  previous: Version | null | undefined
}

/** What a batch made of documents. */
export type ChangedDocuments = {
  readonly batch: number
  readonly changed: readonly ChangedDocument[]
}

type ChangedDocument = {
  readonly slot: WriterSlot
  readonly draft: Draft
  /** What it adds to the digest of the state. */
  readonly hash: bigint
}

type Keep = (
  document: { readonly spec: DocumentSpec; readonly value: object },
  documents: DocumentsAtHand,
) => boolean

/**
 * The documents that a writer works on, kept between commits so that busy ones are read once. One batch may be folded
 * while those before it are being committed.
 */
export type WorkingSet = DocumentsAtHand & {
  /**
   * Reads those wanted that are not at hand, as the view has them. They are at hand until the batch that is being
   * folded is accepted.
   *
   * @param view undefined where nothing was ever committed: then there is nothing to read
   * @param wanted what is wanted first, and what is then, once that is at hand
   */
  load(view: View | undefined, ...wanted: (() => Iterable<Wanted>)[]): Promise<void>
  /** Ends a batch: what changes from now on is of the next one. */
  finish(): ChangedDocuments
  /**
   * What a batch changes and the digest of the state that it leads to, once the batches before it are accepted.
   *
   * @param view the head that the batch is to be committed on
   */
  changes(
    view: View,
    batch: ChangedDocuments,
  ): { readonly changes: Change[]; readonly state: StateDigest }
  /**
   * The changes of a batch are committed. `keep` says which documents are likely to be needed again; those that a later
   * batch has asked for stay as well.
   */
  accept(batch: ChangedDocuments, by: Pick<VersionRef, 'commit' | 'move'>, keep: Keep): void
  /** Drops everything: the head is not where it was. */
  forget(): void
}

/** Past this many documents the set starts anew after a commit. */
const SLOTS_MAX = 40_000

export function createWorkingSet(ports: ResolvePorts & { readonly sha256: Sha256 }): WorkingSet {
  const { sha256 } = ports
  let slots = new Map<string, WriterSlot>()
  let batch = 0
  let isLoading = false
  /** What is let go of once everything is loaded: until then a document that is not at hand is as the view has it. */
  let letGo: (() => void) | undefined

  function find<T extends object>(spec: DocumentSpec<T>, key: Key): Slot<T> {
    return known(spec, key) as unknown as Slot<T>
  }

  function known(spec: DocumentSpec, key: Key): WriterSlot {
    const text = keyText(spec.kind, key)
    const found = slots.get(text)
    if (!found) throw new Error(`the document ${text} was not asked for before the fold`)
    return found
  }

  /** What a fold has in its hands stays at hand as long as its batch. */
  function slot<T extends object>(spec: DocumentSpec<T>, key: Key): Slot<T> {
    const found = known(spec, key)
    found.batch = batch
    return found as unknown as Slot<T>
  }

  function newSlot(spec: DocumentSpec, key: Key): WriterSlot {
    const empty: WriterSlot = {
      spec,
      key,
      batch,
      value: undefined,
      changedAt: undefined,
      before: undefined,
      beforeHash: 0n,
      stored: undefined,
      previous: undefined,
    }
    slots.set(keyText(spec.kind, key), empty)
    return empty
  }

  async function load(
    view: View | undefined,
    ...wanted: (() => Iterable<Wanted>)[]
  ): Promise<void> {
    isLoading = true
    try {
      // oxlint-disable-next-line no-await-in-loop -- each depends on those before it
      for (const step of wanted) await loadMissing(view, step())
    } finally {
      isLoading = false
      letGo?.()
      letGo = undefined
    }
  }

  async function loadMissing(view: View | undefined, wanted: Iterable<Wanted>): Promise<void> {
    const missing = new Map<DocumentSpec, Map<string, Key>>()
    for (const { spec, key, isNew } of wanted) {
      const text = keyText(spec.kind, key)
      const atHand = slots.get(text)
      if (atHand) {
        atHand.batch = batch
        continue
      }
      if (isNew || !view) {
        newSlot(spec, key)
        continue
      }
      const keys = missing.get(spec) ?? new Map<string, Key>()
      missing.set(spec, keys.set(text, key))
    }
    if (!view) return
    // Where the base has blocks that may be taken back, a version of one of them may be replaced: then what stands beside
    // it has to be put aside, and is better read with it than behind it.
    const isOpen = view.floor.number < view.head.number
    const readings = [...missing].map(async ([spec, byText]) => {
      const keys = [...byText.values()]
      const documents = documentsOf(view, spec)
      const readingPrevious = isOpen ? ports.tree.readPrevious(documents, keys) : undefined
      readingPrevious?.catch(() => undefined)
      const resolved = await resolveKeys(ports, view, documents, keys)
      const previous = await readingPrevious
      for (const [index, { stored, visible }] of resolved.entries()) {
        const loaded = newSlot(spec, keys[index] as Key)
        loaded.stored = stored
        // Should it be of another version than that: then that one is not current any more, and is not replaced.
        loaded.previous = previous && (previous[index] ?? null)
        loaded.before = visible
        loaded.beforeHash = visible ? hashDocument(sha256, spec, loaded.key, visible) : 0n
        loaded.value = visible?.value
      }
    })
    await allDone(readings)
  }

  function finish(): ChangedDocuments {
    const changed: ChangedDocument[] = []
    for (const each of slots.values()) {
      const { changedAt, value } = each
      if (!changedAt) continue
      const draft = { number: changedAt.number, value } as Draft
      changed.push({ slot: each, draft, hash: hashDocument(sha256, each.spec, each.key, draft) })
      each.changedAt = undefined
    }
    return { batch: batch++, changed }
  }

  function changes(
    view: View,
    { changed }: ChangedDocuments,
  ): { changes: Change[]; state: StateDigest } {
    const sums = new Map<string, Sums>()
    const list = changed.map(({ slot: each, draft, hash }): Change => {
      const { name } = each.spec.projection
      const sum = sums.get(name) ?? { added: 0n, removed: 0n }
      sums.set(name, sum)
      sum.added += hash
      sum.removed += each.beforeHash
      return {
        id: { ...documentsOf(view, each.spec), key: each.key },
        version: draft,
        before: each.before ?? null,
        stored: each.stored ?? null,
        previous: each.previous,
      }
    })
    return { changes: list, state: shiftState(view.head.digest, sums) }
  }

  const accept: WorkingSet['accept'] = (accepted, { commit, move }, keep) => {
    for (const { slot: each, draft, hash } of accepted.changed) {
      each.previous = each.before ?? null
      each.before = { ...draft, commit, move }
      each.beforeHash = hash
      each.stored = each.before
    }
    letGo = () => keepSome(accepted.batch, keep)
    if (isLoading) return
    letGo()
    letGo = undefined
  }

  function keepSome(accepted: number, keep: Keep): void {
    const isNeeded = (each: WriterSlot): boolean => each.batch > accepted
    const documents = { slot: find }
    const kept = [...slots].filter(
      ([, each]) =>
        isNeeded(each) ||
        (each.value !== undefined && keep({ spec: each.spec, value: each.value }, documents)),
    )
    slots = new Map(kept.length > SLOTS_MAX ? kept.filter(([, each]) => isNeeded(each)) : kept)
  }

  function forget(): void {
    slots = new Map()
  }

  return { load, slot, finish, changes, accept, forget }
}
