import type { Address } from '#core/chain.ts'
import { holdState, lapseHold, pinHold, readHold } from './ask-ledger.ts'
import { changeIntent } from './change-intent.ts'
import { claimNonce } from './claim-nonce.ts'
import { firstOffer } from './fees.ts'
import { type Intent, moved } from './intent.ts'
import { type Judgement, judge, middle } from './judge.ts'
import { quarantine } from './quarantine-intent.ts'
import type { Fees, SenderSight, Sight, SpendCall } from './ports.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'
import { resolveIntent } from './resolve-intent.ts'
import { signSlot } from './sign-slot.ts'
import { holdPoints } from './spend-points.ts'

/** What the nodes say in one round. */
export type Round = {
  readonly sights: readonly Sight[]
  /** Senders in the order in which they were asked about. */
  readonly senders: readonly Address[]
  /** What most nodes say of each; none of those that no node tells anything of. */
  readonly counts: ReadonlyMap<Address, SenderSight>
  /** Senders that may take on something new. */
  readonly ready: readonly Address[]
  readonly fees: Fees | undefined
}

/** How many nonces may be used by others before the points are given back. */
const ROUNDS_MAX = 3

/**
 * Takes a spend as far as it goes now. Each step can be done again by anybody: what was done before is found done.
 *
 * @param index of its operation among the questions; undefined: nobody was asked
 */
export async function advanceIntent(
  ports: RelayPorts,
  policy: RelayPolicy,
  round: Round,
  intent: Intent,
  index: number | undefined,
): Promise<Intent> {
  let now = await holdPoints(ports, intent)
  if (now.state === 'settling' || now.state === 'voiding') return resolveIntent(ports, now)
  if (index === undefined || now.state === 'new' || now.state === 'refused') return now
  const judgement = judgementOf(ports, round, now, index)
  const judged = await heed(ports, now, judgement)
  if (judged !== now) {
    now = judged
    return now.verdict ? resolveIntent(ports, now) : now
  }
  // Whoever is not sure what the chain has sends nothing.
  if (judgement.kind !== 'open') return now
  if (now.state === 'held') now = await claim(ports, policy, round, now, index)
  if (now.state === 'claimed') now = await sign(ports, policy, round, now)
  return now
}

const judgementOf = (
  { chain }: RelayPorts,
  { sights, senders }: Round,
  intent: Intent,
  index: number,
): Judgement => {
  const sender = intent.slot ? senders.indexOf(intent.slot.sender) : -1
  return judge(sights, chain.nodeCount, intent, index, sender)
}

/** Writes down what is known for good. The same intent: nothing is. */
async function heed(ports: RelayPorts, intent: Intent, judgement: Judgement): Promise<Intent> {
  const change = (next: (now: Intent) => Parameters<typeof moved>[2] | undefined) =>
    changeIntent(ports.intents, intent, (now) => {
      if (now.verdict || now.state === 'quarantined' || now.version !== intent.version)
        return undefined
      const to = next(now)
      return to && moved(now, ports.clock.nowMs(), to)
    })
  switch (judgement.kind) {
    case 'split':
      return wait(ports, intent, 'nodes that say the same')
    case 'odd':
      ports.warn('a spend is on the chain in another way', { id: intent.id, why: judgement.why })
      return quarantine(ports, intent, 'relay', judgement.why)
    case 'spent': {
      const { evidence } = judgement
      const note = `spent in block ${evidence.blockNumber} by ${evidence.transaction}`
      return change(() => ({ state: 'settling', verdict: judgement, note }))
    }
    case 'unspent': {
      const { cause } = judgement
      if (cause === 'nonce-taken' && intent.rounds + 1 < ROUNDS_MAX)
        return change(({ rounds }) => ({
          state: 'held',
          slot: null,
          rounds: rounds + 1,
          note: 'its nonce was used by a transaction from elsewhere',
        }))
      const note = `never spent: ${cause}`
      return change(() => ({ state: 'voiding', verdict: { kind: 'void', cause }, note }))
    }
    case 'open': {
      const { isMined } = judgement
      if (isMined === true && (intent.state === 'sent' || intent.state === 'signed'))
        return change(() => ({ state: 'mined', note: 'in the newest block' }))
      // It was taken back with its block; its bytes are sent again as long as they are not final.
      if (isMined === false && intent.state === 'mined')
        return change(({ slot }) => ({
          state: slot ? 'sent' : 'signed',
          note: 'not in the newest block any more',
        }))
      return intent
    }
    default:
      return judgement satisfies never
  }
}

/** Says why it does not go on. Written once, however long it takes. */
async function wait(ports: RelayPorts, intent: Intent, waitsFor: string): Promise<Intent> {
  if (intent.waitsFor !== waitsFor)
    await changeIntent(ports.intents, intent, (now) =>
      now.version === intent.version ? { ...now, waitsFor, version: now.version + 1 } : undefined,
    )
  return intent
}

const spendOf = ({ operation, wallet, amountRaw }: Intent, deadlineS: number): SpendCall => ({
  operation,
  wallet,
  amountRaw,
  deadlineS,
})

/** Fixes the deadline, and for one that Halyard sends the nonce. */
async function claim(
  ports: RelayPorts,
  policy: RelayPolicy,
  round: Round,
  intent: Intent,
  index: number,
): Promise<Intent> {
  const newest = middle(round.sights.map(({ latest }) => latest.timestamp))
  const fromBlock = middle(round.sights.map(({ final }) => final.number))
  if (newest === undefined || fromBlock === undefined) return intent
  const hold = await holdState(ports, intent)
  // Behind the first claim it is pinned, and only the chain ends it.
  if (hold === 'due') return lapse(ports, intent)
  if (hold === 'ended') return endWithHold(ports, intent)
  const deadlineS = intent.deadlineS ?? newest + policy.deadlineS
  const fixed = { deadlineS, fromBlock: intent.fromBlock ?? fromBlock }
  if (intent.way === 'voucher') {
    if (!ports.vouchers) return wait(ports, intent, 'a signer of vouchers')
    return take(ports, intent, { ...fixed, note: 'its deadline is fixed' })
  }
  const sender = round.ready[index % round.ready.length]
  if (!sender) return wait(ports, intent, 'a sender that has funds and room, and is not drained')
  if (!round.fees || !firstOffer(round.fees, policy.feeMaxRaw))
    return wait(ports, intent, 'lower fees')
  const refusal = await ports.chain.rehearse(sender, spendOf(intent, deadlineS))
  if (refusal !== null) return wait(ports, intent, `a contract that takes it (${refusal})`)
  const nonce = await claimNonce(ports, policy, round, sender, intent.id)
  if (nonce === undefined) return wait(ports, intent, 'a sender whose nonces are in order')
  const slot = { sender, nonce }
  return take(ports, intent, { ...fixed, slot, note: `nonce ${nonce} of ${sender}` })
}

const take = (
  ports: RelayPorts,
  intent: Intent,
  change: Parameters<typeof moved>[2],
): Promise<Intent> =>
  changeIntent(ports.intents, intent, (now) =>
    now.state === 'held' && now.version === intent.version
      ? moved(now, ports.clock.nowMs(), { state: 'claimed', ...change })
      : undefined,
  )

async function lapse(ports: RelayPorts, intent: Intent): Promise<Intent> {
  await lapseHold(ports, intent)
  return endWithHold(ports, intent)
}

/** Its hold has come to an end before anything was signed. */
const endWithHold = async (ports: RelayPorts, intent: Intent): Promise<Intent> => {
  const hold = await readHold(ports, intent)
  if (hold?.state === 'open') return intent
  // Whoever has settled it has spent the points, and the chain has not.
  if (hold?.state === 'settled')
    return quarantine(
      ports,
      intent,
      'relay',
      'its hold was settled, and the chain has not spent it',
    )
  return changeIntent(ports.intents, intent, (now) =>
    now.state === 'held' || now.state === 'claimed'
      ? moved(now, ports.clock.nowMs(), {
          state: 'voided',
          verdict: { kind: 'void', cause: 'lapsed' },
          note: 'its hold ended before it was signed',
        })
      : undefined,
  )
}

/** Pins the hold, signs, and stores what was signed, in this order. */
async function sign(
  ports: RelayPorts,
  policy: RelayPolicy,
  round: Round,
  intent: Intent,
): Promise<Intent> {
  if (intent.deadlineS === null) return intent
  if (!(await pinHold(ports, intent))) return endWithHold(ports, intent)
  const spend = spendOf(intent, intent.deadlineS)
  if (intent.way === 'voucher') {
    const voucher = await ports.vouchers?.signVoucher(spend)
    if (voucher === undefined) return wait(ports, intent, 'a signer of vouchers')
    return signed(ports, intent, { voucher, note: 'the voucher is signed' })
  }
  const offer = round.fees && firstOffer(round.fees, policy.feeMaxRaw)
  if (!offer) return wait(ports, intent, 'lower fees')
  if (!intent.slot) return intent
  const transaction = await signSlot(ports, policy, intent.slot, intent.id, { spend, offer })
  if (transaction === 'used-up')
    return changeIntent(ports.intents, intent, (now) =>
      now.state === 'claimed'
        ? moved(now, ports.clock.nowMs(), {
            state: 'held',
            slot: null,
            note: 'its nonce was filled',
          })
        : undefined,
    )
  if (!transaction) return intent
  return signed(ports, intent, { note: `signed as ${transaction.hash}` })
}

const signed = (
  ports: RelayPorts,
  intent: Intent,
  change: Parameters<typeof moved>[2],
): Promise<Intent> =>
  changeIntent(ports.intents, intent, (now) =>
    now.state === 'claimed'
      ? moved(now, ports.clock.nowMs(), { state: 'signed', ...change })
      : undefined,
  )
