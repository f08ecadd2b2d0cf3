import { AppError } from '#core/errors.ts'
import { type Faults, type Process, ticks } from '../ledger/faulty-store.ts'

/** A process that has ended. */
class Dead extends Error {}

const lost = (): AppError => new AppError('unavailable', 'the connection broke; try again')

/** A port whose calls fail, lose their answers, are done twice, come late, or end the process before or behind them. */
export function faultyPort<P extends object>(
  port: P,
  process: Process,
  { random, tally, late, chance, ...faults }: Faults & { readonly on: () => boolean },
  /** Members that must not be repeated by themselves, since nobody would. */
  once: ReadonlySet<string> = new Set(),
): P {
  const count = (what: string): void => void (tally[what] = (tally[what] ?? 0) + 1)
  async function call(name: string, work: () => Promise<unknown>): Promise<unknown> {
    if (process.isDead) throw new Dead()
    if (!faults.on()) return work()
    if (!random.chance(chance)) return work()
    switch (random.int(7)) {
      case 0:
        count('refused')
        throw lost()
      case 1:
        count('died before')
        process.isDead = true
        throw new Dead()
      case 2:
        count('died behind')
        await work()
        process.isDead = true
        throw new Dead()
      case 3:
        count('answer lost')
        await work()
        throw lost()
      case 4:
        if (once.has(name)) return work()
        count('repeated')
        await work()
        return work()
      case 5:
        count('slow')
        await ticks(random.int(40))
        return work()
      default:
        count('late')
        late.push(ticks(random.int(120)).then(work))
        throw lost()
    }
  }
  // Made once: a run asks for a member some thousands of times.
  const faulty = Object.entries(port).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function'
      ? (...args: unknown[]) => call(name, async () => Reflect.apply(value, port, args) as unknown)
      : value,
  ])
  return Object.fromEntries(faulty) as P
}
