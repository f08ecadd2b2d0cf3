import type { Address, Hash } from '#core/chain.ts'
import type { Round } from './advance-intent.ts'
import { changeIntent } from './change-intent.ts'
import { AHEAD_MAX } from './claim-nonce.ts'
import { firstOffer, nextOffer } from './fees.ts'
import { type Intent, isOf, moved, type SignedTransaction, type Slot } from './intent.ts'
import { middle } from './judge.ts'
import type { SpendCall } from './ports.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'
import { addSigned } from './sign-slot.ts'

/** When the same bytes are sent again, in milliseconds. */
const SEND_AGAIN_MS = 15_000

/** When which bytes were sent last, by this process. */
export type Sent = Map<Hash, number>

/**
 * Sees to it that every nonce that was claimed is used, in order: sends what is signed again, offers more for what is not
 * mined, and fills what nobody needs any more. A claimed nonce is given to nobody else, whatever a node says.
 */
export async function keepSlots(
  ports: RelayPorts,
  policy: RelayPolicy,
  round: Round,
  sender: Address,
  sent: Sent,
): Promise<void> {
  const sight = round.counts.get(sender)
  if (!sight) return
  const from = sight.latestCount
  const last = await ports.intents.lastNonce(policy.chainId, sender)
  if (last === undefined || last < from) return
  const slots = await ports.intents.slots(policy.chainId, { sender, nonce: from }, 2 * AHEAD_MAX)
  const byNonce = new Map(slots.map((slot) => [slot.nonce, slot]))
  for (let nonce = from; nonce <= Math.min(last, from + 2 * AHEAD_MAX - 1); nonce++) {
    const slot = byNonce.get(nonce) ?? (await fillGap(ports, policy, sender, nonce))
    if (slot) await keepSlot(ports, policy, round, slot, { isNext: nonce === from, sent })
  }
}

/** A nonce that nobody has claimed, and that others wait for. */
async function fillGap(
  { intents, warn }: RelayPorts,
  { chainId }: RelayPolicy,
  sender: Address,
  nonce: number,
): Promise<Slot | undefined> {
  const slot: Slot = { chainId, sender, nonce, intent: null, signed: [], version: 1 }
  if (!(await intents.insertSlot(slot))) return undefined
  warn('a nonce that nobody uses is filled', { sender, nonce })
  return slot
}

async function keepSlot(
  ports: RelayPorts,
  policy: RelayPolicy,
  round: Round,
  slot: Slot,
  { isNext, sent }: { readonly isNext: boolean; readonly sent: Sent },
): Promise<void> {
  const intent = slot.intent === null ? undefined : await ports.intents.intent(slot.intent)
  const wanted = spendFor(round, slot, intent)
  const last = slot.signed.at(-1)
  if (!last) {
    // It is signed when its points are pinned.
    if (wanted) return
    const offer = round.fees && firstOffer(round.fees, policy.feeMaxRaw)
    const filled = offer && (await addSigned(ports, slot, { spend: null, offer }))
    if (filled) await send(ports, filled, sent)
    return
  }
  // While it may be spent its own relay offers more: it knows for which contract.
  if (last.purpose === 'spend' && wanted && intent && !isOf(intent, policy))
    return sendAgain(ports, last, sent)
  const isLate = ports.clock.nowMs() - last.signedAtMs >= policy.bumpAfterMs
  const offer =
    isNext && isLate && round.fees ? nextOffer(last, round.fees, policy.feeMaxRaw) : undefined
  const spend = last.purpose === 'spend' ? wanted : null
  const newer = offer && (await addSigned(ports, slot, { spend: spend ?? null, offer }))
  if (newer) await send(ports, newer, sent)
  else await sendAgain(ports, last, sent)
  if (intent) await tellSent(ports, intent, slot)
}

/** What the slot is to spend; null: nothing any more. */
function spendFor(round: Round, slot: Slot, intent: Intent | undefined): SpendCall | null {
  if (!intent || intent.verdict || intent.deadlineS === null) return null
  // Nobody knows for how long: others wait for the nonce. One that is let go on then gets another.
  if (intent.state === 'quarantined') return null
  const isOwn = intent.slot?.sender === slot.sender && intent.slot.nonce === slot.nonce
  if (!isOwn) return null
  const newest = middle(round.sights.map(({ latest }) => latest.timestamp)) ?? 0
  // The contract would refuse it from here on, at the price of a spend.
  if (newest > intent.deadlineS) return null
  const { operation, wallet, amountRaw, deadlineS } = intent
  return { operation, wallet, amountRaw, deadlineS }
}

async function sendAgain(
  ports: RelayPorts,
  transaction: SignedTransaction,
  sent: Sent,
): Promise<void> {
  const last = sent.get(transaction.hash)
  if (last !== undefined && ports.clock.monotonicMs() - last < SEND_AGAIN_MS) return
  await send(ports, transaction, sent)
}

async function send(
  { chain, clock, warn }: RelayPorts,
  { hash, bytes }: SignedTransaction,
  sent: Sent,
): Promise<void> {
  const answer = await chain.send(bytes)
  if (answer === 'no-funds') warn('a sender has no funds for its transaction', { hash })
  else sent.set(hash, clock.monotonicMs())
}

const tellSent = async (ports: RelayPorts, intent: Intent, { signed }: Slot): Promise<void> => {
  if (intent.state !== 'signed' || !signed.some(({ purpose }) => purpose === 'spend')) return
  await changeIntent(ports.intents, intent, (now) =>
    now.state === 'signed'
      ? moved(now, ports.clock.nowMs(), { state: 'sent', note: 'given to the nodes' })
      : undefined,
  )
}
