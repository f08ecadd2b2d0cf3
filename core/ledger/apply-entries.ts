import { AppError } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'
import { damagedRecords } from './damaged.ts'
import { markName } from './document.ts'
import { type Entry, type EntryRef, openEntry, originOf } from './entry.ts'
import { evolve } from './evolve.ts'
import type { Operation } from './operation.ts'
import type { LedgerWriter, Movement } from './ports.ts'
import { toText } from './text.ts'
import { createWorkingSet, type WorkingSet } from './working-set.ts'

/** The newest entry, with its time. */
export type LedgerHead = EntryRef & { readonly atMs: number }

/** Entries that are read at once. */
const PAGE = 100
/** Others that bring the same documents forward get each time one of them further at least. */
const TRIES_MAX = 100

/** Stands for all that an operation asks for. */
export const requestOf = (sha256: Sha256, operation: Operation): string => sha256(toText(operation))

/** The newest entry and how far documents have been brought: both the origin before the first entry. */
export async function standing(
  reader: Pick<LedgerWriter, 'newest' | 'documents'>,
  sha256: Sha256,
  ledger: string,
): Promise<{ readonly head: LedgerHead; readonly mark: EntryRef }> {
  // The mark first: it is never above a head that is read behind it.
  const [mark] = await reader.documents(ledger, [markName])
  const newest = await reader.newest(ledger)
  const origin = originOf(sha256, ledger)
  return {
    mark: mark?.at ?? origin,
    head: newest
      ? { sequence: newest.sequence, hash: newest.hash, atMs: newest.atMs }
      : { ...origin, atMs: 0 },
  }
}

/**
 * Brings documents forward to the newest entry, whoever has inserted it.
 *
 * @returns the newest entry
 * @throws AppError `unavailable` where the documents follow from another log
 */
export async function catchUp(
  writer: LedgerWriter,
  sha256: Sha256,
  ledger: string,
): Promise<LedgerHead> {
  const { head, mark } = await standing(writer, sha256, ledger)
  let at: EntryRef = mark
  let before = mark
  while (at.sequence < head.sequence) {
    const page = await writer.entries(ledger, at.sequence + 1, PAGE)
    if (page.length === 0) throw otherLog(ledger, at)
    for (const stored of page) {
      const entry = openEntry(stored)
      if (entry.previous !== at.hash || entry.sequence !== at.sequence + 1)
        throw otherLog(ledger, at)
      await applyEntry(writer, sha256, entry)
      at = { sequence: entry.sequence, hash: entry.hash }
    }
    await moveMark(writer, ledger, at, before)
    before = at
  }
  // Another process may have gone on since the head was read; it has applied all of that.
  if (at.sequence === head.sequence && at.hash !== head.hash) throw otherLog(ledger, at)
  return head
}

const otherLog = (ledger: string, { sequence }: EntryRef): AppError =>
  damagedRecords(
    `balances of ledger ${ledger} were made of another entry ${sequence} than its log has`,
  )

/** Brings all documents of an entry behind it that are not there yet. */
async function applyEntry(writer: LedgerWriter, sha256: Sha256, entry: Entry): Promise<void> {
  const { ledger, sequence, hash } = entry
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const set = createWorkingSet(sequence)
    const movements: Movement[] = []
    // Once for the names alone, so that they are read together.
    for (const [position] of entry.operations.entries()) take(set, sha256, entry, position)
    await loadMissing(set, writer, ledger)
    for (const position of entry.operations.keys()) {
      let made = take(set, sha256, entry, position)
      while (await loadMissing(set, writer, ledger)) made = take(set, sha256, entry, position)
      movements.push(...made)
      set.keep()
    }
    if (await store(writer, ledger, { sequence, hash }, set, movements)) return
  }
  throw contended(ledger)
}

/** Evolves one operation and leaves it staged. */
function take(set: WorkingSet, sha256: Sha256, entry: Entry, position: number): Movement[] {
  set.drop()
  const record = entry.operations[position] as Entry['operations'][number]
  const { sequence, atMs } = entry
  const request = requestOf(sha256, record.operation)
  return evolve(set, record, { sequence, position, atMs, request })
}

/** @returns whether there were any */
export async function loadMissing(
  set: WorkingSet,
  reader: Pick<LedgerWriter, 'documents'>,
  ledger: string,
): Promise<boolean> {
  const names = set.missing()
  if (names.length === 0) return false
  set.load(names, await reader.documents(ledger, names))
  return true
}

/**
 * Movements first: a document that has an entry tells that what the entry did to it is in the list.
 *
 * @returns whether all documents were as they had been read
 */
export async function store(
  writer: LedgerWriter,
  ledger: string,
  at: EntryRef,
  set: WorkingSet,
  movements: readonly Movement[],
): Promise<boolean> {
  await writer.insertMovements(ledger, movements)
  const missed = await writer.replace(ledger, set.changes(at))
  return missed.length === 0
}

/**
 * Says that all documents have everything up to an entry, unless that was said already.
 *
 * @param before where it is thought to stand; it is read where it does not
 */
export async function moveMark(
  writer: LedgerWriter,
  ledger: string,
  at: EntryRef,
  before: EntryRef,
): Promise<void> {
  let expected = before.sequence === 0 ? null : before
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const document = { ...markName, at, body: 'null', rank: null }
    const missed = await writer.replace(ledger, [{ document, expected }])
    if (missed.length === 0) return
    const [mark] = await writer.documents(ledger, [markName])
    if (mark && mark.at.sequence >= at.sequence) return
    expected = mark?.at ?? null
  }
  throw contended(ledger)
}

const contended = (ledger: string): AppError =>
  new AppError('unavailable', `records: too many processes write to ledger ${ledger} at once`, {
    details: { field: 'records', reason: 'busy' },
  })
