import { type AuditModel, type Breach, createAuditModel } from './audit-model.ts'
import { type DocumentKind, type LedgerDocument, markName, valueOf } from './document.ts'
import { type EntryRef, openEntry } from './entry.ts'
import type { ReadPorts } from './read-balance.ts'
import { readUpToDate } from './read-balance.ts'
import { verifyLog } from './verify-log.ts'

/** What an audit found. */
export type LedgerAudit = {
  /** The newest entry that was counted. */
  readonly head: EntryRef
  readonly operations: number
  readonly accounts: number
  readonly breaches: readonly Breach[]
}

type AuditOptions = {
  /** Waited for between pages, so that a process has time for other things. */
  readonly pause?: () => Promise<void>
  /** Told how many operations of the log and then how many documents were looked at. */
  readonly onProgress?: (progress: {
    readonly operations: number
    readonly documents: number
  }) => void
}

const noPause = async (): Promise<void> => undefined

/** Documents that are read at once. */
const PAGE = 1_000
/** Others may write while it is read: what was changed meanwhile is looked at again. */
const ROUNDS_MAX = 20

/**
 * Counts a ledger again from its log, and compares all that is kept beside the log with it: whether every entry is what
 * its hash says (L11), sums are 0 (L1), nothing is or was below 0 (L2), amounts are in their bounds (L10), keys have one
 * effect (L4), reversals are opposites and happen once (L7), holds end once (L8) and add up (L9), and stored balances are
 * what the entries say (L3).
 */
export async function auditLedger(
  ports: ReadPorts,
  ledger: string,
  { pause = noPause, onProgress }: AuditOptions = {},
): Promise<LedgerAudit> {
  const { store } = ports
  const model = createAuditModel()
  await readUpToDate(ports, ledger)
  const [mark] = await store.documents(ledger, [markName])
  const appliedTo = mark?.at.sequence ?? 0
  let counted = 0
  let documents = 0
  const page = async (more: number): Promise<void> => {
    counted += more
    onProgress?.({ operations: counted, documents })
    await pause()
  }
  let log = await verifyLog(ports, ledger, { each: model.take, page })
  let { operations } = log
  const breaches: Breach[] = []
  if (log.breach) breaches.push(log.breach)
  else {
    const seen = new Map<DocumentKind, number>()
    let late: LedgerDocument[] = []
    for (const kind of ['account', 'system', 'hold', 'key', 'reversal'] as const) {
      let after: string | undefined
      for (;;) {
        const found = await store.walkDocuments(ledger, kind, after, PAGE)
        seen.set(kind, (seen.get(kind) ?? 0) + found.length)
        documents += found.length
        await page(0)
        for (const document of found) {
          if (document.at.sequence > log.head.sequence) late.push(document)
          else breaches.push(...compare(model, document, appliedTo))
        }
        after = found.at(-1)?.id
        if (found.length < PAGE) break
      }
    }
    for (let round = 0; late.length > 0 && round < ROUNDS_MAX; round++) {
      log = await verifyLog(ports, ledger, { each: model.take, page, from: log.head })
      operations += log.operations
      const again = await store.documents(ledger, late)
      const read = again.filter((each) => each !== undefined)
      late = read.filter(({ at }) => at.sequence > log.head.sequence)
      for (const document of read)
        if (document.at.sequence <= log.head.sequence)
          breaches.push(...compare(model, document, appliedTo))
    }
    await compareCounts(ports, ledger, model, seen, log.head, breaches)
    await compareReversals(ports, ledger, model, pause)
  }
  model.conclude()
  breaches.push(...model.breaches)
  return { head: log.head, operations, accounts: model.accounts.size, breaches }
}

/** A document that is missing is told where nothing was appended while the others were counted. */
async function compareCounts(
  { store }: ReadPorts,
  ledger: string,
  model: AuditModel,
  seen: ReadonlyMap<DocumentKind, number>,
  head: EntryRef,
  breaches: Breach[],
): Promise<void> {
  const [mark] = await store.documents(ledger, [markName])
  if ((mark?.at.sequence ?? 0) !== head.sequence) return
  const expected: [DocumentKind, number][] = [
    ['account', model.accounts.size],
    ['system', model.systems.size],
    ['hold', model.holds.size],
    ['key', model.uses.size],
    ['reversal', [...model.uses.values()].filter(({ isReversed }) => isReversed).length],
  ]
  for (const [kind, count] of expected) {
    const found = seen.get(kind) ?? 0
    if (found === count) continue
    const detail = `${found} are stored, and the log has ${count}`
    breaches.push({ invariant: kind === 'key' ? 'L4' : 'L3', of: `every ${kind}`, detail })
  }
}

/** Reads what was reversed once more: to keep what every operation has posted takes more memory than all else. */
async function compareReversals(
  { store, sha256 }: ReadPorts,
  ledger: string,
  model: AuditModel,
  pause: () => Promise<void>,
): Promise<void> {
  const byEntry = Map.groupBy(model.reversals, ({ sequence }) => sequence)
  for (const [sequence, met] of byEntry) {
    const [stored] = await store.entries(ledger, sequence, 1)
    const isSame =
      stored?.sequence === sequence &&
      stored.hash === model.hashAt(sequence) &&
      sha256(stored.body) === stored.hash
    const records = isSame ? openEntry(stored).operations : []
    for (const each of met) {
      const outcome = records[each.position]?.outcome
      model.compareReversal(each, outcome?.status === 'done' ? outcome.postings : [])
    }
    await pause()
  }
}

/** @param appliedTo the entry up to which every document was brought forward before it was read */
function compare(model: AuditModel, document: LedgerDocument, appliedTo: number): Breach[] {
  const { kind, id, at } = document
  const wrong = (invariant: Breach['invariant'], detail: string, account?: string): Breach[] => [
    { invariant, of: `${kind} ${id}`, detail, ...(account !== undefined && { account }) },
  ]
  const hash = model.hashAt(at.sequence)
  const isLate = (touched: number): boolean => touched > at.sequence && touched > appliedTo
  const account = kind === 'account' ? id.slice(id.indexOf('/') + 1) : undefined
  if (hash !== at.hash)
    return wrong('L3', `it names another entry ${at.sequence} than the log has`, account)
  switch (kind) {
    case 'account': {
      const counted = model.accounts.get(id)
      const { availableRaw, heldRaw, provisionalRaw } = valueOf(kind, document)
      const isSame =
        counted?.available === availableRaw &&
        counted.held === heldRaw &&
        counted.provisional === provisionalRaw
      if (isSame && document.rank?.valueRaw === availableRaw) return []
      if (counted && isLate(counted.touched)) return []
      return wrong(
        'L3',
        `${availableRaw} available, ${heldRaw} held and ${provisionalRaw} provisional are stored; the entries make ` +
          `${counted?.available ?? 0n}, ${counted?.held ?? 0n} and ${counted?.provisional ?? 0n}`,
        account,
      )
    }
    case 'system': {
      const counted = model.systems.get(id)
      const { balanceRaw } = valueOf(kind, document)
      if (counted?.balanceRaw === balanceRaw || isLate(counted?.touched ?? 0)) return []
      return wrong('L3', `${balanceRaw} is stored; the entries make ${counted?.balanceRaw ?? 0n}`)
    }
    case 'hold': {
      const counted = model.holds.get(id)
      const hold = valueOf(kind, document)
      if (counted?.amountRaw !== hold.amountRaw || counted.account !== hold.account)
        return wrong('L9', 'the log has no such hold', hold.account)
      const isOpen = counted.endedIn === undefined
      if (isOpen === (hold.state === 'open') || isLate(counted.endedIn ?? 0)) return []
      const [stored, logged] = isOpen ? ['resolved', 'open'] : ['open', 'resolved']
      return wrong('L8', `it is stored as ${stored}, and is ${logged}`, hold.account)
    }
    case 'key': {
      const counted = model.uses.get(id)
      const use = usedFor(document.body)
      const isSame =
        counted?.sequence === at.sequence &&
        counted.position === use?.position &&
        counted.isDone === (use.outcome.status === 'done')
      return isSame ? [] : wrong('L4', 'the log has another outcome of it')
    }
    case 'reversal':
      return model.uses.get(id)?.isReversed ? [] : wrong('L7', 'the log does not reverse it')
    case 'asset':
    case 'mark':
    case 'standing':
      return []
    default:
      return kind satisfies never
  }
}

/** How a key begins, up to what is compared: there is one for each operation, and what is behind need not be read. */
const KEY_TEXT =
  /^\{"request":"[^"]*","kind":"[^"]*","position":(\d+),"atMs":\d+,"outcome":\{"status":"(\w+)"/

/** Of a key what is compared. */
function usedFor(
  body: string,
): { readonly position: number; readonly outcome: { readonly status: string } } | undefined {
  const [, position, status] = KEY_TEXT.exec(body) ?? []
  if (status !== undefined) return { position: Number(position), outcome: { status } }
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
