import { AppError } from '#core/errors.ts'
import type { LedgerReader, LedgerStore, LedgerWriter } from '#core/ledger/ports.ts'
import type { Random } from '../../fakes/random.ts'

/** What may go wrong in one run. */
export type Faults = {
  readonly random: Random
  /** Whether anything still goes wrong. */
  isOn: boolean
  /** Of a call that anything happens to it. */
  readonly chance: number
  /** Writes that were given up and come about later, as of a process that everybody took for dead. */
  readonly late: Promise<unknown>[]
  readonly tally: Record<string, number>
}

/** A process that has ended; nothing that it calls comes back. */
class Dead extends Error {}

export type Process = { isDead: boolean }

const soon = Promise.resolve()

/** Lets others go on. */
export async function ticks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await soon
}

const lost = (): AppError => new AppError('unavailable', 'records: the connection broke; try again')

/** A store whose calls fail, lose their answers, come late, or end the process before or behind them. */
export function faultyStore(store: LedgerStore, process: Process, faults: Faults): LedgerStore {
  const { random, tally, late } = faults
  const count = (what: string): void => void (tally[what] = (tally[what] ?? 0) + 1)

  async function call<T>(isWrite: boolean, work: () => Promise<T>): Promise<T> {
    if (process.isDead) throw new Dead()
    if (!faults.isOn) return work()
    await ticks(random.int(3))
    if (!random.chance(faults.chance)) return work()
    switch (random.int(isWrite ? 6 : 3)) {
      case 0:
        count('refused')
        throw lost()
      case 1:
        count('slow')
        await ticks(random.int(40))
        return work()
      case 2:
        count('died before')
        process.isDead = true
        throw new Dead()
      case 3:
        count('died behind')
        await work()
        process.isDead = true
        throw new Dead()
      case 4:
        count('answer lost')
        await work()
        throw lost()
      default:
        count('late')
        late.push(ticks(random.int(120)).then(work))
        throw lost()
    }
  }

  const reading = (reader: LedgerReader): LedgerReader => ({
    newest: (...args) => call(false, () => reader.newest(...args)),
    entries: (...args) => call(false, () => reader.entries(...args)),
    documents: (...args) => call(false, () => reader.documents(...args)),
    walkDocuments: (...args) => call(false, () => reader.walkDocuments(...args)),
    leaders: (...args) => call(false, () => reader.leaders(...args)),
    movements: (...args) => call(false, () => reader.movements(...args)),
  })
  const writing = (writer: LedgerWriter): LedgerWriter => ({
    ...reading(writer),
    insertEntry: (entry) => call(true, () => writer.insertEntry(entry)),
    insertMovements: (ledger, made) => call(true, () => writer.insertMovements(ledger, made)),
    async replace(ledger, changes) {
      // A server may have done a part of them.
      const middle = random.int(changes.length + 1)
      const first = await call(true, () => writer.replace(ledger, changes.slice(0, middle)))
      if (middle === changes.length) return first
      const second = await call(true, () => writer.replace(ledger, changes.slice(middle)))
      return [...first, ...second.map((index) => index + middle)]
    },
  })
  return { ...reading(store), write: (steps) => store.write((writer) => steps(writing(writer))) }
}
