import { valueOf } from '#core/ledger/document.ts'
import type { Receipt } from '#core/ledger/append.ts'
import { type Operation, operationId } from '#core/ledger/operation.ts'
import { readUpToDate } from '#core/ledger/read-balance.ts'
import { type Intent, RELAY_SCOPE } from './intent.ts'
import type { SpendPorts } from './relay-ports.ts'

/*
 * What the relay does to holds. Keys follow from the operation, so that each is done once, whoever does it.
 */

type Named = Pick<Intent, 'id' | 'ledger' | 'operation' | 'amountRaw'>

const ACTOR = 'relay'

const submit = (
  { clerk }: Pick<SpendPorts, 'clerk'>,
  key: string,
  operation: Operation,
): Promise<Receipt> => clerk.submit({ scope: RELAY_SCOPE, key, actor: ACTOR, operation })

const isDone = (receipt: Receipt): boolean =>
  receipt.status === 'recorded' && receipt.outcome.status === 'done'

/** From now on only what the chain says ends the hold. False: it has ended. */
export const pinHold = async (ports: SpendPorts, { id, operation }: Named): Promise<boolean> =>
  isDone(await submit(ports, `pin:${operation}`, { kind: 'pin', hold: id }))

/** False: the hold had come to its end before. */
export const settleHold = async (
  ports: SpendPorts,
  { id, operation, amountRaw }: Named,
  transaction: string,
): Promise<boolean> =>
  isDone(
    await submit(ports, settleKey(operation), {
      kind: 'settle',
      hold: id,
      amountRaw,
      feeRaw: 0n,
      memo: `spent by ${transaction}`,
    }),
  )

/** Likewise. */
export const voidHold = async (
  ports: SpendPorts,
  { id, operation }: Named,
  cause: string,
): Promise<boolean> =>
  isDone(
    await submit(ports, `void:${operation}`, {
      kind: 'void',
      hold: id,
      memo: `never spent: ${cause}`,
    }),
  )

type HoldState =
  | 'open'
  /** Its lease has ended, and nobody has given the points back yet. */
  | 'due'
  | 'ended'

export async function holdState(ports: SpendPorts, intent: Named): Promise<HoldState> {
  const hold = await readHold(ports, intent)
  if (!hold || hold.state !== 'open') return 'ended'
  const { leaseUntilMs } = hold
  return leaseUntilMs !== null && leaseUntilMs <= ports.clock.nowMs() ? 'due' : 'open'
}

/** How a hold came to its end; undefined where it is open. */
export async function readHold(
  ports: Pick<SpendPorts, 'store' | 'sha256'>,
  { ledger, id }: Pick<Intent, 'ledger' | 'id'>,
) {
  await readUpToDate(ports, ledger)
  const [document] = await ports.store.documents(ledger, [{ kind: 'hold', id }])
  return document && valueOf('hold', document)
}

/**
 * Gives points back whose lease has ended. Nothing but this ends a hold that nobody has signed for: a hold that was pinned
 * meanwhile does not lapse, whoever asks.
 */
export async function lapseHold(ports: SpendPorts, intent: Named): Promise<void> {
  const hold = await readHold(ports, intent)
  if (!hold || hold.leaseUntilMs === null) return
  // A refusal would be the answer of the key for good, so each time has its own.
  const key = `lapse:${intent.operation}:${ports.clock.nowMs()}`
  await submit(ports, key, { kind: 'lapse', hold: intent.id })
}

/**
 * How a repair has paid for a spend already, since the chain had it and the ledger had not; undefined: in no way, as far as
 * is known now.
 */
export async function paidLate(ports: SpendPorts, of: Spent): Promise<LatePayment | undefined> {
  const { use } = await lastAttempt(ports, of.ledger, lateKey(of.operation))
  if (use?.outcome.status !== 'done') return undefined
  return use.kind === 'write-off' ? 'loss' : 'account'
}

/** `account`: its points were taken. `loss`: nobody's were, since it had too few. */
type LatePayment = 'account' | 'loss'

/**
 * Whether a repair has paid for a spend whose hold has paid as well, and was not given back since.
 *
 * @param hold null: that of the relay, if there is one by now
 */
export async function isPaidTwice(
  ports: SpendPorts,
  of: Spent,
  hold: Intent['id'] | null,
): Promise<boolean> {
  if ((await paidLate(ports, of)) === undefined) return false
  const { use: back } = await lastAttempt(ports, of.ledger, givenBackKey(of.operation))
  if (back?.outcome.status === 'done') return false
  if (hold === null)
    return (await readKey(ports, of.ledger, settleKey(of.operation)))?.outcome.status === 'done'
  return (await readHold(ports, { ...of, id: hold }))?.state === 'settled'
}

type Spent = Pick<Intent, 'ledger' | 'operation'>

type KeyPorts = Pick<SpendPorts, 'store' | 'sha256'>

async function readKey(ports: KeyPorts, ledger: Intent['ledger'], key: string) {
  await readUpToDate(ports, ledger)
  const id = operationId(RELAY_SCOPE, key)
  const [document] = await ports.store.documents(ledger, [{ kind: 'key', id }])
  return document && valueOf('key', document)
}

/**
 * Gives back what a repair has taken, where the hold was settled as well. Whoever does the one looks for the other behind
 * it: since the log has an order, at least one of the two finds both, and an operation is reversed once.
 *
 * @returns false where the ledger does not allow it
 */
export const reverseLate = async (ports: SpendPorts, of: Spent): Promise<boolean> => {
  const { key } = await lastAttempt(ports, of.ledger, lateKey(of.operation))
  const late = operationId(RELAY_SCOPE, key)
  const memo = 'its hold was settled at the same time'
  return isDone(
    await submit(ports, `late-back:${of.operation}`, { kind: 'reverse', operation: late, memo }),
  )
}

/** Of the entry that takes points which were spent and are not held any more; of the first attempt at it. */
export const lateKey = (operation: Intent['operation']): string => `late:${operation}`

/** Of the entry that gives back what was settled and can never be spent; of the first attempt at it. */
export const givenBackKey = (operation: Intent['operation']): string => `unspent:${operation}`

export const settleKey = (operation: Intent['operation']): string => `settle:${operation}`

/** Each was refused because of something else that was done to the account, or to the asset, in the same moment. */
const ATTEMPTS_MAX = 50

/**
 * The attempt at an entry that counts. A refusal is the answer of its key for good, so that the next attempt has another
 * one; it is made only behind a refusal, so that one at most is done.
 *
 * @param first the key of the first attempt
 * @returns the attempt's key, and what became of it; undefined where it was not made yet
 */
export async function lastAttempt(ports: KeyPorts, ledger: Intent['ledger'], first: string) {
  for (let attempt = 1; ; attempt++) {
    const key = attempt === 1 ? first : `${first}:${attempt}`
    // oxlint-disable-next-line no-await-in-loop -- nearly always the first
    const use = await readKey(ports, ledger, key)
    if (use?.outcome.status !== 'refused' || attempt === ATTEMPTS_MAX) return { key, use }
  }
}
