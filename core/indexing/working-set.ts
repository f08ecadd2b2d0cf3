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
  /** As the head has it, and what that adds to the digest of the state. */
  before: Version | undefined
  beforeHash: bigint
  /** The version that is stored, visible or not, and the one beside it: null where there is none. */
  stored: Version | undefined
  /** Undefined where it was not read. */
  previous: Version | null | undefined
}

/** The documents that a writer works on, kept between commits so that busy ones are read once. */
export type WorkingSet = DocumentsAtHand & {
  /** Reads those of `wanted` that are not at hand, as the view has them. */
  load(view: View, wanted: Iterable<Wanted>): Promise<void>
  /** What changed since the head of the view, and the digest of the state that it leads to. */
  changes(view: View): { readonly changes: Change[]; readonly state: StateDigest }
  /** The changes are committed. `keep` says which documents are likely to be needed again. */
  accept(
    by: Pick<VersionRef, 'commit' | 'move'>,
    keep: (document: { readonly spec: DocumentSpec; readonly value: object }) => boolean,
  ): void
  /** Drops everything: the head is not where it was. */
  forget(): void
}

/** Past this many documents the set starts anew after a commit. */
const SLOTS_MAX = 40_000

export function createWorkingSet(ports: ResolvePorts & { readonly sha256: Sha256 }): WorkingSet {
  const { sha256 } = ports
  let slots = new Map<string, WriterSlot>()
  let changed: WriterSlot[] = []
  let hashes: bigint[] = []

  function slot<T extends object>(spec: DocumentSpec<T>, key: Key): Slot<T> {
    const text = keyText(spec.kind, key)
    const known = slots.get(text)
    if (!known) throw new Error(`the document ${text} was not asked for before the fold`)
    return known as unknown as Slot<T>
  }

  function newSlot(spec: DocumentSpec, key: Key): WriterSlot {
    const empty: WriterSlot = {
      spec,
      key,
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

  async function load(view: View, wanted: Iterable<Wanted>): Promise<void> {
    const missing = new Map<DocumentSpec, Map<string, Key>>()
    for (const { spec, key, isNew } of wanted) {
      const text = keyText(spec.kind, key)
      if (slots.has(text)) continue
      if (isNew) {
        newSlot(spec, key)
        continue
      }
      const keys = missing.get(spec) ?? new Map<string, Key>()
      missing.set(spec, keys.set(text, key))
    }
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

  function changes(view: View): { changes: Change[]; state: StateDigest } {
    changed = [...slots.values()].filter((each) => each.changedAt)
    const sums = new Map<string, Sums>()
    hashes = []
    const list = changed.map((each): Change => {
      const version = { number: each.changedAt?.number, value: each.value } as Draft
      const hash = hashDocument(sha256, each.spec, each.key, version)
      hashes.push(hash)
      const { name } = each.spec.projection
      const sum = sums.get(name) ?? { added: 0n, removed: 0n }
      sums.set(name, sum)
      sum.added += hash
      sum.removed += each.beforeHash
      return {
        id: { ...documentsOf(view, each.spec), key: each.key },
        version,
        before: each.before ?? null,
        stored: each.stored ?? null,
        previous: each.previous,
      }
    })
    return { changes: list, state: shiftState(view.head.digest, sums) }
  }

  function accept(
    { commit, move }: Pick<VersionRef, 'commit' | 'move'>,
    keep: (document: { readonly spec: DocumentSpec; readonly value: object }) => boolean,
  ): void {
    for (const [index, each] of changed.entries()) {
      each.previous = each.before ?? null
      each.before = { number: each.changedAt?.number, commit, move, value: each.value } as Version
      each.beforeHash = hashes[index] as bigint
      each.stored = each.before
      each.changedAt = undefined
    }
    changed = []
    hashes = []
    const kept = [...slots].filter(
      ([, { spec, value }]) => value !== undefined && keep({ spec, value }),
    )
    slots = new Map(kept.length > SLOTS_MAX ? [] : kept)
  }

  function forget(): void {
    slots = new Map()
    changed = []
    hashes = []
  }

  return { load, slot, changes, accept, forget }
}
