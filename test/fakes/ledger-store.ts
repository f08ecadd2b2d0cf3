import type { LedgerDocument } from '#core/ledger/document.ts'
import type { EntryRef, StoredEntry } from '#core/ledger/entry.ts'
import type { LedgerStore, LedgerWriter, Movement, MovementPlace } from '#core/ledger/ports.ts'

/** What is kept of one ledger. */
type Tables = {
  readonly entries: StoredEntry[]
  readonly documents: Map<string, LedgerDocument>
  /** By asset and account, oldest first. */
  readonly movements: Map<string, Movement[]>
}

/** Ledgers in memory. Several stores may share the tables, as processes share a server. */
export type MemoryLedgers = Map<string, Tables>

/** Ledgers that end with the process, without transactions: steps that fail leave what they did. */
export function createMemoryLedgerStore(ledgers: MemoryLedgers = new Map()): LedgerStore {
  function of(ledger: string): Tables {
    const known = ledgers.get(ledger)
    if (known) return known
    const tables: Tables = { entries: [], documents: new Map(), movements: new Map() }
    ledgers.set(ledger, tables)
    return tables
  }

  const writer: LedgerWriter = {
    newest: async (ledger) => of(ledger).entries.at(-1),
    entries: async (ledger, from, limit) =>
      of(ledger).entries.slice(Math.max(0, from - 1), Math.max(0, from - 1) + limit),
    async documents(ledger, names) {
      const { documents } = of(ledger)
      return names.map(({ kind, id }) => documents.get(`${kind}:${id}`))
    },
    async walkDocuments(ledger, kind, after, limit) {
      const found = [...of(ledger).documents.values()].filter(
        (each) => each.kind === kind && (after === undefined || each.id > after),
      )
      return found.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
    },
    async leaders(ledger, board, after, limit) {
      const found = [...of(ledger).documents.values()].filter(
        (each) => each.rank?.board === board && (!after || compareRank(rankOf(each), after) > 0),
      )
      return found.toSorted((a, b) => compareRank(rankOf(a), rankOf(b))).slice(0, limit)
    },
    async movements(ledger, asset, account, { before, untilMs, limit }) {
      const all = of(ledger).movements.get(`${asset}/${account}`) ?? []
      const found = all.filter(
        (each) =>
          (!before || comparePlace(each, before) < 0) &&
          (untilMs === undefined || each.atMs <= untilMs),
      )
      return found.toReversed().slice(0, limit)
    },
    async insertEntry(entry) {
      const { entries } = of(entry.ledger)
      if (entry.sequence <= entries.length) return false
      entries.push(entry)
      return true
    },
    async insertMovements(ledger, movements) {
      for (const movement of movements) {
        const key = `${movement.asset}/${movement.account}`
        const all = of(ledger).movements.get(key) ?? []
        const next = all.findLastIndex((each) => comparePlace(each, movement) <= 0)
        const there = all[next]
        if (there && comparePlace(there, movement) === 0) continue
        all.splice(next + 1, 0, movement)
        of(ledger).movements.set(key, all)
      }
    },
    async replace(ledger, changes) {
      const { documents } = of(ledger)
      const missed: number[] = []
      for (const [index, { document, expected }] of changes.entries()) {
        const name = `${document.kind}:${document.id}`
        const there = documents.get(name)
        if (isAt(there, expected)) documents.set(name, document)
        else if (!isAt(there, document.at)) missed.push(index)
      }
      return missed
    },
  }
  return { ...writer, write: (steps) => steps(writer) }
}

const isAt = (document: LedgerDocument | undefined, expected: EntryRef | null): boolean =>
  document === undefined
    ? expected === null
    : document.at.sequence === expected?.sequence && document.at.hash === expected.hash

const comparePlace = (a: MovementPlace, b: MovementPlace): number =>
  a.sequence - b.sequence || a.position - b.position

type Ranked = { readonly valueRaw: bigint; readonly id: string }

const rankOf = ({ id, rank }: LedgerDocument): Ranked => ({ id, valueRaw: rank?.valueRaw ?? 0n })

/** Most first. */
const compareRank = (a: Ranked, b: Ranked): number =>
  a.valueRaw === b.valueRaw
    ? a.id < b.id
      ? -1
      : a.id > b.id
        ? 1
        : 0
    : a.valueRaw > b.valueRaw
      ? -1
      : 1
