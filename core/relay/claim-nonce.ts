import type { Address } from '#core/chain.ts'
import type { OperationId } from '#core/ledger/operation.ts'
import type { Round } from './advance-intent.ts'
import { middle } from './judge.ts'
import type { SenderSight, Sight } from './ports.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'

/** How far ahead of the newest block a nonce may be: all before it must be used first. */
export const AHEAD_MAX = 64
/** Others claim at the same time; each time one of them gets further. */
const TRIES_MAX = 100

/**
 * What the nodes say of a sender, the one in the middle of each.
 *
 * @param index of the sender among the questions
 */
export function senderSight(sights: readonly Sight[], index: number): SenderSight | undefined {
  const all = sights.flatMap(({ senders }) => senders[index] ?? [])
  const [latestCount, finalCount, pendingCount, balanceRaw] = [
    middle(all.map((each) => each.latestCount)),
    middle(all.map((each) => each.finalCount)),
    middle(all.map((each) => each.pendingCount)),
    middle(all.map((each) => each.balanceRaw)),
  ]
  if (latestCount === undefined || finalCount === undefined) return undefined
  if (pendingCount === undefined || balanceRaw === undefined) return undefined
  return { latestCount, finalCount, pendingCount, balanceRaw }
}

/**
 * Claims the next nonce of a sender: behind all that were ever claimed here, and behind all that the chain knows, which after
 * a restore may be more. No two claims have the same one.
 *
 * @returns undefined where it would be too far ahead of the chain
 */
export async function claimNonce(
  { intents }: Pick<RelayPorts, 'intents'>,
  { chainId }: Pick<RelayPolicy, 'chainId'>,
  round: Round,
  sender: Address,
  intent: OperationId | null,
): Promise<number | undefined> {
  const sight = round.counts.get(sender)
  if (!sight) return undefined
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const last = await intents.lastNonce(chainId, sender)
    const nonce = Math.max(last === undefined ? 0 : last + 1, sight.latestCount, sight.pendingCount)
    if (nonce >= sight.latestCount + AHEAD_MAX) return undefined
    if (await intents.insertSlot({ chainId, sender, nonce, intent, signed: [], version: 1 }))
      return nonce
  }
  return undefined
}
