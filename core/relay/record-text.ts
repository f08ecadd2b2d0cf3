import { damagedRecords } from '#core/ledger/damaged.ts'
import { fromText, toText } from '#core/ledger/text.ts'
import type { Intent, SenderState, Slot } from './intent.ts'

/*
 * Records of the relay as text, for stores. A field that a later version adds is given its value here when an older text is
 * read.
 */

type Values = { intent: Intent; slot: Slot; sender: SenderState }

export const recordText = (value: Values[keyof Values]): string => toText(value)

/** @throws AppError `unavailable` where it is not what was stored */
export function recordOf<K extends keyof Values>(kind: K, name: string, body: string): Values[K] {
  try {
    return fromText(body) as Values[K]
  } catch (cause) {
    throw damagedRecords(`the ${kind} ${name} of the relay cannot be read`, cause)
  }
}
