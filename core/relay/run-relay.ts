import type { Address } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { advanceIntent, type Round } from './advance-intent.ts'
import { changeIntent } from './change-intent.ts'
import { AHEAD_MAX, senderSight } from './claim-nonce.ts'
import { type Intent, type IntentState, intentStates, isOf, isOpen, moved } from './intent.ts'
import { keepSlots, type Sent } from './keep-slots.ts'
import type { OperationAsk, SenderSight } from './ports.ts'
import { quarantine } from './quarantine-intent.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'

/** Spends that are looked after in one round; each costs a few questions to every node. */
const ROUND_MAX = 100
/** Failures that nobody expected, in a row, before a person has to look. */
const FAULTS_MAX = 5

/** What was sent when is forgotten above this, and sent once more. */
const SENT_MAX = 10_000

const OPEN: readonly IntentState[] = intentStates.filter((state) => isOpen({ state }))

/** What one round has done. */
type RoundReport = { readonly open: number; readonly moved: number }

/** Looks after all spends that are under way, in rounds. Any number of processes may do so at once. */
export type Relay = {
  /** @throws AppError `unavailable` where the records or the chain cannot be used; the next round goes on */
  round(): Promise<RoundReport>
}

export function createRelay(ports: RelayPorts, policy: RelayPolicy): Relay {
  const sent: Sent = new Map()
  let hasMetOthers = false
  let after: string | undefined

  async function advance(
    round: Round,
    intent: Intent,
    index: number | undefined,
  ): Promise<boolean> {
    try {
      return (await advanceIntent(ports, policy, round, intent, index)).version !== intent.version
    } catch (error) {
      // The records, a node or a signer are away: it is nobody's fault, and the next round tries again.
      if (isAppError(error, 'unavailable')) {
        ports.warn('a spend has to wait', { id: intent.id, why: messageOf(error) })
        return false
      }
      await countFault(ports, intent, messageOf(error))
      return true
    }
  }

  /** A sender whose key is away does not hold up the others. */
  async function keep(round: Round, sender: Address): Promise<void> {
    try {
      await keepSlots(ports, policy, round, sender, sent)
    } catch (error) {
      if (!isAppError(error)) throw error
      ports.warn('a sender has to wait', { sender, why: messageOf(error) })
    }
  }

  /** To the contract of this relay nothing was ever sent for them, so it would take that for never spent. */
  function warnOfOthers(found: readonly Intent[]): void {
    if (hasMetOthers) return
    hasMetOthers = true
    const other = found.find((intent) => !isOf(intent, policy))
    const fields = { id: other?.id, contract: other?.contract, ledger: other?.ledger }
    ports.warn('a spend is of another contract or ledger, and is left to its own relay', fields)
  }

  return {
    async round() {
      const { chainId } = policy
      const found = await ports.intents.listIntents(chainId, {
        states: OPEN,
        ...(after !== undefined && { after }),
        limit: ROUND_MAX,
      })
      after = found.length < ROUND_MAX ? undefined : found.at(-1)?.id
      const page = found.filter((intent) => isOf(intent, policy))
      if (page.length < found.length) warnOfOthers(found)
      const senders = ports.senders.map(({ sender }) => sender)
      const asks = await Promise.all(page.map((intent) => askFor(ports, intent)))
      // What the chain is not needed for does not wait for it.
      const round = await lookIfThere(ports, policy, asks, senders)
      let count = 0
      const blind: Round = {
        sights: [],
        senders,
        counts: new Map(),
        ready: [],
        fees: undefined,
      }
      for (const [index, intent] of page.entries())
        if (await advance(round ?? blind, intent, round ? index : undefined)) count++
      if (sent.size > SENT_MAX) sent.clear()
      if (round) for (const sender of senders) await keep(round, sender)
      return { open: page.length, moved: count }
    },
  }
}

async function askFor({ intents }: RelayPorts, intent: Intent): Promise<OperationAsk> {
  const { operation, fromBlock, chainId, slot: at } = intent
  const [slot] = at ? await intents.slots(chainId, at, 1) : []
  const own = slot?.nonce === at?.nonce ? (slot?.signed ?? []) : []
  const transactions = own.filter(({ purpose }) => purpose === 'spend').map(({ hash }) => hash)
  return { operation, fromBlock, transactions }
}

/** Undefined where no node answers. */
async function lookIfThere(...args: Parameters<typeof look>): Promise<Round | undefined> {
  try {
    return await look(...args)
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    const [{ warn }] = args
    warn('no node answers', { why: messageOf(error) })
    return undefined
  }
}

async function look(
  ports: RelayPorts,
  policy: RelayPolicy,
  asks: readonly OperationAsk[],
  senders: readonly Address[],
): Promise<Round> {
  const [sights, fees] = await Promise.all([
    ports.chain.look(asks, senders),
    // Nothing new is sent without it.
    ports.chain.fees().catch(() => undefined),
  ])
  const counts = new Map<Address, SenderSight>()
  const free: { sender: Address; ahead: number }[] = []
  for (const [index, sender] of senders.entries()) {
    const sight = senderSight(sights, index)
    if (sight) counts.set(sender, sight)
    if (!sight || sight.balanceRaw < policy.balanceMinRaw) continue
    const last = await ports.intents.lastNonce(policy.chainId, sender)
    const ahead = last === undefined ? 0 : last + 1 - sight.latestCount
    if (ahead >= AHEAD_MAX) continue
    if ((await ports.intents.sender(policy.chainId, sender))?.isDrained) continue
    free.push({ sender, ahead })
  }
  const ready = free.toSorted((a, b) => a.ahead - b.ahead).map(({ sender }) => sender)
  return { sights, senders, counts, ready, fees }
}

/** A spend that fails again and again does not hold up the others, and is put before a person. */
async function countFault(ports: RelayPorts, intent: Intent, why: string): Promise<void> {
  ports.warn('a step of a spend failed', { id: intent.id, why })
  const { faults } = await changeIntent(ports.intents, intent, (now) =>
    now.version === intent.version
      ? moved(now, ports.clock.nowMs(), { faults: now.faults + 1, waitsFor: why, note: why })
      : undefined,
  )
  if (faults >= FAULTS_MAX) await quarantine(ports, intent, 'relay', why)
}

/**
 * Goes on until it is told to stop.
 *
 * @param pollMs from the end of one round to the next
 * @param told of each round: why it could not be done, or undefined where it was
 */
export async function runRelay(
  relay: Relay,
  { clock, warn }: Pick<RelayPorts, 'clock' | 'warn'>,
  pollMs: number,
  stop: Cancel,
  told: (fault: string | undefined) => void,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await relay.round()
      told(undefined)
    } catch (error) {
      if (!isAppError(error, 'unavailable')) throw error
      told(messageOf(error))
      warn('a round has failed', { why: messageOf(error) })
    }
    await clock.sleep(pollMs, stop)
  }
}
