import { assert } from '#core/errors.ts'
import {
  type DocumentKind,
  type DocumentName,
  type LedgerDocument,
  type Values,
  valueOf,
} from './document.ts'
import type { EntryRef } from './entry.ts'
import type { DocumentChange } from './ports.ts'
import { toText } from './text.ts'

/** Reads what an operation is decided on; undefined where there is none. */
export type ReadValue = <K extends DocumentKind>(kind: K, id: string) => Values[K] | undefined

type Kept = {
  readonly name: DocumentName
  readonly stored: LedgerDocument | undefined
  value: unknown
  isChanged: boolean
}

/**
 * Documents at hand, as they are behind the operations that were taken so far. Whoever reads one that is not at hand is
 * told that there is none, and `missing` names it: it is to be loaded, and the operation tried again.
 */
export type WorkingSet = {
  readonly read: ReadValue
  /** Of the operation under way; it takes effect with `keep`. A document that is ahead stays as it is. */
  update<K extends DocumentKind>(
    kind: K,
    id: string,
    change: (value: Values[K] | undefined) => Values[K],
  ): void
  /** Whether the document has this entry, or a later one, already. */
  isAhead(kind: DocumentKind, id: string): boolean
  /** Whether any document at hand does. */
  hasAhead(): boolean
  /** The entry of a document as it is stored. */
  storedAt(kind: DocumentKind, id: string): EntryRef | undefined
  /** Names that were read and are not at hand, since it was asked last. */
  missing(): DocumentName[]
  load(names: readonly DocumentName[], documents: readonly (LedgerDocument | undefined)[]): void
  /** What the operation under way has changed stands. */
  keep(): void
  drop(): void
  /** All that has changed, as documents of this entry. */
  changes(at: EntryRef): DocumentChange[]
}

/** @param sequence of the entry that is made or applied */
export function createWorkingSet(sequence: number): WorkingSet {
  const kept = new Map<string, Kept>()
  const staged = new Map<string, unknown>()
  const missed = new Map<string, DocumentName>()
  const textOf = (kind: DocumentKind, id: string): string => `${kind}:${id}`

  function find(kind: DocumentKind, id: string): Kept | undefined {
    const text = textOf(kind, id)
    const found = kept.get(text)
    if (!found) missed.set(text, { kind, id })
    return found
  }
  const isAhead = (found: Kept): boolean => (found.stored?.at.sequence ?? 0) >= sequence
  const read: ReadValue = (kind, id) => {
    const text = textOf(kind, id)
    return (staged.has(text) ? staged.get(text) : find(kind, id)?.value) as never
  }

  return {
    read,
    update(kind, id, change) {
      const found = find(kind, id)
      if (!found || isAhead(found)) return
      staged.set(textOf(kind, id), change(read(kind, id)))
    },
    isAhead(kind, id) {
      const found = kept.get(textOf(kind, id))
      return found !== undefined && isAhead(found)
    },
    hasAhead: () => kept.values().some(isAhead),
    storedAt: (kind, id) => kept.get(textOf(kind, id))?.stored?.at,
    missing() {
      const names = [...missed.values()]
      missed.clear()
      return names
    },
    load(names, documents) {
      for (const [index, name] of names.entries()) {
        const stored = documents[index]
        const text = textOf(name.kind, name.id)
        if (kept.has(text)) continue
        const value = stored && valueOf(name.kind, stored)
        kept.set(text, { name, stored, value, isChanged: false })
      }
    },
    keep() {
      for (const [text, value] of staged) {
        const found = kept.get(text)
        assert(found, 'what is changed was read before')
        found.value = value
        found.isChanged = true
      }
      staged.clear()
    },
    drop: () => staged.clear(),
    changes(at) {
      const changes: DocumentChange[] = []
      for (const { name, stored, value, isChanged } of kept.values())
        if (isChanged)
          changes.push({
            document: { ...name, at, body: toText(value), rank: rankOf(name, value) },
            expected: stored?.at ?? null,
          })
      return changes
    },
  }
}

/** Accounts stand in the list of their asset by what they can spend. */
function rankOf({ kind, id }: DocumentName, value: unknown): LedgerDocument['rank'] {
  if (kind !== 'account') return null
  const { availableRaw } = value as Values['account']
  return { board: id.slice(0, id.indexOf('/')), valueRaw: availableRaw }
}
