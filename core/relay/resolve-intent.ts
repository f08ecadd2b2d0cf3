import { isPaidTwice, paidLate, readHold, reverseLate, settleHold, voidHold } from './ask-ledger.ts'
import { changeIntent } from './change-intent.ts'
import { type Intent, moved } from './intent.ts'
import { quarantine } from './quarantine-intent.ts'
import type { SpendPorts } from './relay-ports.ts'

/** Tells the ledger what is final on the chain, once, and writes down that it knows. */
export async function resolveIntent(
  ports: SpendPorts & {
    readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  },
  intent: Intent,
): Promise<Intent> {
  const { verdict } = intent
  if (!verdict || (intent.state !== 'settling' && intent.state !== 'voiding')) return intent
  const isSpent = verdict.kind === 'spent'
  // What a repair has taken from the account is not taken a second time.
  if (isSpent && (await paidLate(ports, intent)) === 'account')
    await voidHold(ports, intent, 'it was paid when records were mended')
  else {
    const isDone = isSpent
      ? await settleHold(ports, intent, verdict.evidence.transaction)
      : await voidHold(ports, intent, verdict.cause)
    const why = isDone ? undefined : await whyOpen(ports, intent, isSpent)
    if (why !== undefined) {
      ports.warn('the ledger and the chain differ', { id: intent.id, why })
      return quarantine(ports, intent, 'relay', why)
    }
  }
  // A loss is none any more where the account has paid after all.
  const isTwice = isSpent && (await isPaidTwice(ports, intent, intent.id))
  if (isTwice && !(await reverseLate(ports, intent))) {
    const why = 'it was settled, and paid by a repair as well, which cannot be reversed'
    ports.warn('the ledger and the chain differ', { id: intent.id, why })
    return quarantine(ports, intent, 'relay', why)
  }
  return changeIntent(ports.intents, intent, (now) =>
    now.state === 'settling' || now.state === 'voiding'
      ? moved(now, ports.clock.nowMs(), {
          state: isSpent ? 'settled' : 'voided',
          note: isSpent ? 'the points are spent' : 'the points are given back',
        })
      : undefined,
  )
}

/** Why a spend whose hold could not be ended has not come to its end; undefined: it has. */
async function whyOpen(
  ports: SpendPorts,
  intent: Intent,
  isSpent: boolean,
): Promise<string | undefined> {
  const hold = await readHold(ports, intent)
  const found = hold?.state ?? 'missing'
  // Whoever lapsed it has given the points back as well.
  const isAsWell = isSpent ? found === 'settled' : found === 'voided' || found === 'lapsed'
  if (isAsWell || (isSpent && (await paidLate(ports, intent)) !== undefined)) return undefined
  return `the chain says ${isSpent ? 'spent' : 'never spent'}, and the hold is ${found}`
}
