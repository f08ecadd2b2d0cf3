import type { OperationId } from '#core/ledger/operation.ts'
import type { Offer } from './fees.ts'
import type { SignedTransaction, Slot, SlotName } from './intent.ts'
import type { SpendCall } from './ports.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'

/** A transaction that is to be signed. `spend` null: it only uses up the nonce. */
export type Wanted = { readonly spend: SpendCall | null; readonly offer: Offer }

/**
 * Signs the first transaction of a slot and stores it; the one that is there where somebody has done so.
 *
 * @param intent whose slot it must be
 * @returns `used-up` where the slot is another one's or was filled, so that nothing was and will be signed in it for this
 *   intent; undefined where its sender's key is not here, or others were first
 */
export async function signSlot(
  ports: RelayPorts,
  policy: RelayPolicy,
  { sender, nonce }: SlotName,
  intent: OperationId,
  wanted: Wanted,
): Promise<SignedTransaction | 'used-up' | undefined> {
  const [slot] = await ports.intents.slots(policy.chainId, { sender, nonce }, 1)
  // One that was claimed is never removed.
  if (!slot || slot.nonce !== nonce || slot.intent !== intent) return 'used-up'
  const [first] = slot.signed
  // Behind a fill nothing but fills is signed.
  if (first) return first.purpose === 'spend' ? first : 'used-up'
  return addSigned(ports, slot, wanted)
}

/**
 * Signs one more transaction of a slot, and stores it before anybody can send it.
 *
 * @returns undefined where another one was stored meanwhile: this one is forgotten, and nobody has seen it
 */
export async function addSigned(
  { intents, senders, clock }: RelayPorts,
  slot: Slot,
  { spend, offer }: Wanted,
): Promise<SignedTransaction | undefined> {
  const signer = senders.find(({ sender }) => sender === slot.sender)
  if (!signer) return undefined
  const { hash, bytes } = await signer.sign({ nonce: slot.nonce, ...offer, spend })
  const transaction: SignedTransaction = {
    hash,
    bytes,
    purpose: spend ? 'spend' : 'fill',
    ...offer,
    signedAtMs: clock.nowMs(),
  }
  const signed = [...slot.signed, transaction]
  const isStored = await intents.replaceSlot({ ...slot, signed, version: slot.version + 1 })
  return isStored ? transaction : undefined
}
