import type { BlockRef, Hash } from '#core/chain.ts'
import { hashDocument, type Sha256, shiftState } from '#core/history/digest.ts'
import {
  type DocumentKind,
  type Documents,
  type Draft,
  type Key,
  keyText,
  type Version,
  type VersionRef,
} from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, resolveDocuments } from '#core/history/resolve.ts'
import type { Change } from './commit.ts'

/** A document in the writer's hands. The fold reads and sets `value` and, when it sets it, `changedAt`. */
export type Slot<K extends DocumentKind = DocumentKind> = {
  readonly kind: K
  readonly key: Key
  /** As the events folded so far have made it; undefined where it does not exist. */
  value: Documents[K] | undefined
  /** The last block that changed it since the head; undefined while it is as the head has it. */
  changedAt: BlockRef | undefined
  /** As the head has it, and what that adds to the digest of the state. */
  before: Version<K> | undefined
  beforeHash: bigint
  /** The version that is stored, visible or not, and the one beside it: null where there is none. */
  stored: Version<K> | undefined
  /** Undefined where it was not read. */
  previous: Version<K> | null | undefined
}

/** What a document is needed for: one that is known not to exist is not looked up. */
export type Wanted = { readonly kind: DocumentKind; readonly key: Key }

/** The documents that a writer works on, kept between commits so that busy ones are read once. */
export type WorkingSet = {
  /** Reads those of `wanted` that are not at hand, as the view has them. */
  load(view: View, wanted: Iterable<Wanted>): Promise<void>
  /** The document, which the store does not have if it was not loaded. */
  slot<K extends DocumentKind>(kind: K, key: Key): Slot<K>
  /** What changed since the head, and the digest of the state that it leads to. */
  changes(state: Hash): { readonly changes: Change[]; readonly state: Hash }
  /** The changes are committed. `keep` says which documents are likely to be needed again. */
  accept(by: Pick<VersionRef, 'commit' | 'move'>, keep: (slot: Slot) => boolean): void
  /** Drops everything: the head is not where it was. */
  forget(): void
}

/** Past this many documents the set starts anew after a commit. */
const SLOTS_MAX = 40_000

export function createWorkingSet(ports: ResolvePorts & { readonly sha256: Sha256 }): WorkingSet {
  const { sha256 } = ports
  let slots = new Map<string, Slot>()
  let changed: Slot[] = []
  let hashes: bigint[] = []

  function slot<K extends DocumentKind>(kind: K, key: Key): Slot<K> {
    const text = keyText(kind, key)
    const known = slots.get(text)
    if (known) return known as unknown as Slot<K>
    const empty: Slot<K> = {
      kind,
      key,
      value: undefined,
      changedAt: undefined,
      before: undefined,
      beforeHash: 0n,
      stored: undefined,
      previous: undefined,
    }
    slots.set(text, empty)
    return empty
  }

  async function load(view: View, wanted: Iterable<Wanted>): Promise<void> {
    const missing = new Map<DocumentKind, Map<string, Key>>()
    for (const { kind, key } of wanted) {
      const text = keyText(kind, key)
      if (slots.has(text)) continue
      const keys = missing.get(kind) ?? new Map<string, Key>()
      missing.set(kind, keys.set(text, key))
    }
    for (const [kind, byText] of missing) {
      const keys = [...byText.values()]
      const resolved = await resolveDocuments(ports, view, kind, keys)
      for (const [index, { stored, visible }] of resolved.entries()) {
        const loaded = slot(kind, keys[index] as Key)
        loaded.stored = stored
        loaded.before = visible
        loaded.beforeHash = visible ? hashDocument(sha256, kind, loaded.key, visible) : 0n
        loaded.value = visible?.value
      }
    }
  }

  function changes(state: Hash): { changes: Change[]; state: Hash } {
    changed = [...slots.values()].filter((each) => each.changedAt)
    let added = 0n
    let removed = 0n
    hashes = []
    const list = changed.map((each): Change => {
      const version = { number: each.changedAt?.number, value: each.value } as Draft
      const hash = hashDocument(sha256, each.kind, each.key, version)
      hashes.push(hash)
      added += hash
      removed += each.beforeHash
      return {
        id: { kind: each.kind, key: each.key },
        version,
        before: each.before ?? null,
        stored: each.stored ?? null,
        previous: each.previous,
      }
    })
    return { changes: list, state: shiftState(state, added, removed) }
  }

  function accept(
    { commit, move }: Pick<VersionRef, 'commit' | 'move'>,
    keep: (slot: Slot) => boolean,
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
    const kept = [...slots].filter(([, each]) => keep(each))
    slots = new Map(kept.length > SLOTS_MAX ? [] : kept)
  }

  function forget(): void {
    slots = new Map()
    changed = []
    hashes = []
  }

  return { load, slot, changes, accept, forget }
}
