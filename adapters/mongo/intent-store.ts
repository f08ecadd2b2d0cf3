import type { Db } from 'mongodb'
import type { Intent, Slot } from '#core/relay/intent.ts'
import type { IntentStore } from '#core/relay/ports.ts'
import { recordOf, recordText } from '#core/relay/record-text.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo } from './connection.ts'
import { isDuplicate, toldAs } from './errors.ts'
import { createLastingDatabase } from './lasting-database.ts'

const told = toldAs('records')

export type MongoIntentStore = IntentStore & { close(): Promise<void> }

type IntentDocument = {
  readonly _id: string
  readonly chainId: number
  readonly state: string
  readonly version: number
  readonly body: string
}

/** `_id` is `chain/sender/nonce`. */
type SlotDocument = {
  readonly _id: string
  readonly chainId: number
  readonly sender: string
  readonly nonce: number
  readonly version: number
  readonly body: string
}

/** `_id` is `chain/sender`. */
type SenderDocument = { readonly _id: string; readonly body: string }

/**
 * Spends under way and claimed nonces in a MongoDB database of people's records that was migrated. Each call is one change of
 * one document, acknowledged by a majority.
 *
 * @throws AppError `invalid` when the URL cannot be used
 */
export function openMongoIntentStore(url: string): MongoIntentStore {
  const { db, close } = createLastingDatabase(() => connectionTo(url, 'records'))
  return { ...createMongoIntentStore(db), close }
}

function createMongoIntentStore(db: Db): IntentStore {
  const intents = db.collection<IntentDocument>('relayIntents', CONCERNS)
  const slots = db.collection<SlotDocument>('relaySlots', CONCERNS)
  const senders = db.collection<SenderDocument>('relaySenders', CONCERNS)

  return {
    insertIntent: (intent) =>
      told(async () => {
        const document = intentDocument(intent)
        return inserted(
          () => intents.insertOne(document),
          () => intents.findOne({ _id: intent.id }),
          document.body,
        )
      }),
    intent: (id) =>
      told(async () => {
        const found = await intents.findOne({ _id: id })
        return found ? intentOf(found) : undefined
      }),
    replaceIntent: (intent) =>
      told(async () => {
        const { _id: id, ...set } = intentDocument(intent)
        const { matchedCount } = await intents.updateOne(
          { _id: id, version: intent.version - 1 },
          { $set: set },
        )
        return matchedCount === 1
      }),
    listIntents: (chainId, { states, after, limit }) =>
      told(async () => {
        const found = await intents
          .find(
            {
              chainId,
              ...(states && { state: { $in: [...states] } }),
              ...(after !== undefined && { _id: { $gt: after } }),
            },
            { sort: { _id: 1 }, limit },
          )
          .toArray()
        return found.map(intentOf)
      }),
    insertSlot: (slot) =>
      told(async () => {
        const document = slotDocument(slot)
        return inserted(
          () => slots.insertOne(document),
          () => slots.findOne({ _id: slotName(slot) }),
          document.body,
        )
      }),
    slots: (chainId, { sender, nonce }, limit) =>
      told(async () => {
        const found = await slots
          .find({ chainId, sender, nonce: { $gte: nonce } }, { sort: { nonce: 1 }, limit })
          .toArray()
        return found.map(slotOf)
      }),
    lastNonce: (chainId, sender) =>
      told(async () => {
        const [last] = await slots
          .find({ chainId, sender }, { sort: { nonce: -1 }, limit: 1 })
          .toArray()
        return last?.nonce
      }),
    replaceSlot: (slot) =>
      told(async () => {
        const { _id: id, ...set } = slotDocument(slot)
        const { matchedCount } = await slots.updateOne(
          { _id: id, version: slot.version - 1 },
          { $set: set },
        )
        return matchedCount === 1
      }),
    sender: (chainId, sender) =>
      told(async () => {
        const found = await senders.findOne({ _id: `${chainId}/${sender}` })
        return found ? recordOf('sender', sender, found.body) : undefined
      }),
    putSender: (state) =>
      told(async () => {
        const name = `${state.chainId}/${state.sender}`
        const set = { $set: { body: recordText(state) } }
        await senders.updateOne({ _id: name }, set, { upsert: true })
      }),
  }
}

/** The driver sends an insert again when its answer is lost, and may then meet itself: it was inserted. */
async function inserted(
  insert: () => Promise<unknown>,
  find: () => Promise<{ readonly body: string } | null>,
  body: string,
): Promise<boolean> {
  try {
    await insert()
    return true
  } catch (error) {
    if (!isDuplicate(error)) throw error
    return (await find())?.body === body
  }
}

const intentDocument = (intent: Intent): IntentDocument => {
  const { id, chainId, state, version } = intent
  return { _id: id, chainId, state, version, body: recordText(intent) }
}

const slotName = ({ chainId, sender, nonce }: Slot): string => `${chainId}/${sender}/${nonce}`

const slotDocument = (slot: Slot): SlotDocument => {
  const { chainId, sender, nonce, version } = slot
  return { _id: slotName(slot), chainId, sender, nonce, version, body: recordText(slot) }
}

const intentOf = ({ _id, body }: IntentDocument): Intent => recordOf('intent', _id, body)
const slotOf = ({ _id, body }: SlotDocument): Slot => recordOf('slot', _id, body)
