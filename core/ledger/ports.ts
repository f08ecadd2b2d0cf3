import type { DocumentKind, DocumentName, LedgerDocument } from './document.ts'
import type { EntryRef, StoredEntry } from './entry.ts'

/** What one operation did to one account, and what the account had afterwards. Never changed. */
export type Movement = {
  readonly asset: string
  readonly account: string
  readonly sequence: number
  /** Of the operation in its entry, from 0. */
  readonly position: number
  readonly atMs: number
  readonly body: string
}

/** The place of a movement in an account's list. */
export type MovementPlace = Pick<Movement, 'sequence' | 'position'>

/** A document in place of another one: of the version `expected`, or of none where that is null. */
export type DocumentChange = {
  readonly document: LedgerDocument
  readonly expected: EntryRef | null
}

/** Reads what was acknowledged. `ledger` names one of several in the same place. */
export type LedgerReader = {
  /** The entry with the highest sequence; undefined before the first. */
  newest(ledger: string): Promise<StoredEntry | undefined>
  /** In order, from this sequence on. */
  entries(ledger: string, from: number, limit: number): Promise<StoredEntry[]>
  /** In the order of the names; undefined where there is none. */
  documents(ledger: string, names: readonly DocumentName[]): Promise<(LedgerDocument | undefined)[]>
  /** All of a kind by id, behind `after`. */
  walkDocuments(
    ledger: string,
    kind: DocumentKind,
    after: string | undefined,
    limit: number,
  ): Promise<LedgerDocument[]>
  /** Those of a board by falling amount and, where it is equal, by id; behind `after`. */
  leaders(
    ledger: string,
    board: string,
    after: { readonly valueRaw: bigint; readonly id: string } | undefined,
    limit: number,
  ): Promise<LedgerDocument[]>
  /** Newest first, below `before`. `untilMs`: not after this time. */
  movements(
    ledger: string,
    asset: string,
    account: string,
    options: {
      readonly before?: MovementPlace
      readonly untilMs?: number
      readonly limit: number
    },
  ): Promise<Movement[]>
}

export type LedgerWriter = LedgerReader & {
  /**
   * The commit: stored for good when it is acknowledged, or `false` where the sequence is taken. Whether one that failed was
   * stored is not known.
   */
  insertEntry(entry: StoredEntry): Promise<boolean>
  /** Those that are there already are the same. */
  insertMovements(ledger: string, movements: readonly Movement[]): Promise<void>
  /** Each by itself, on its condition. Gives the places of those that are not there, since they found another version. */
  replace(ledger: string, changes: readonly DocumentChange[]): Promise<number[]>
}

/**
 * Ledgers in one place. Several processes may write to them at once.
 *
 * Entries are inserted and never changed. Documents and movements follow from them and are brought forward behind them.
 */
export type LedgerStore = LedgerReader & {
  /**
   * Steps that write. A store with transactions runs them as one, which waits for the disk, so that nothing of steps that
   * fail is left; any other runs them as they are.
   */
  write<T>(steps: (writer: LedgerWriter) => Promise<T>): Promise<T>
}
