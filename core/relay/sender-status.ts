import type { Address } from '#core/chain.ts'
import { senderSight } from './claim-nonce.ts'
import type { SenderState } from './intent.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'

/** How a sender is doing. Counts are of transactions, amounts in wei. */
export type SenderStatus = {
  readonly sender: Address
  readonly balanceRaw: bigint
  readonly hasFunds: boolean
  /** In the newest block, in final ones, and with those that wait in the nodes. */
  readonly latestCount: number
  readonly finalCount: number
  readonly pendingCount: number
  /** The highest nonce that was ever claimed here; null: none. */
  readonly lastNonce: number | null
  /** Nonces that are claimed and not in a block. */
  readonly ahead: number
  /**
   * Since when the transaction that all others of the sender wait for is signed and in no block, in milliseconds since 1970;
   * null: none waits.
   */
  readonly waitingSinceMs: number | null
  /** Transactions that were sent with its key and not from here, or from before a restore. */
  readonly isUsedElsewhere: boolean
  readonly drained: Pick<SenderState, 'by' | 'atMs'> | null
}

/** Asks the nodes and the records. @throws AppError `unavailable` where either cannot be used */
export async function readSenders(
  { intents, chain, senders: signers }: Pick<RelayPorts, 'intents' | 'chain' | 'senders'>,
  { chainId, balanceMinRaw }: Pick<RelayPolicy, 'chainId' | 'balanceMinRaw'>,
): Promise<SenderStatus[]> {
  const senders = signers.map(({ sender }) => sender)
  const sights = await chain.look([], senders)
  const all: SenderStatus[] = []
  for (const [index, sender] of senders.entries()) {
    const sight = senderSight(sights, index)
    if (!sight) continue
    const lastNonce = (await intents.lastNonce(chainId, sender)) ?? null
    const state = await intents.sender(chainId, sender)
    const nonce = sight.latestCount
    const [slot] = await intents.slots(chainId, { sender, nonce }, 1)
    const first = slot?.nonce === nonce ? slot.signed[0] : undefined
    const next = lastNonce === null ? sight.latestCount : lastNonce + 1
    all.push({
      sender,
      balanceRaw: sight.balanceRaw,
      hasFunds: sight.balanceRaw >= balanceMinRaw,
      latestCount: sight.latestCount,
      finalCount: sight.finalCount,
      pendingCount: sight.pendingCount,
      lastNonce,
      ahead: Math.max(0, next - sight.latestCount),
      waitingSinceMs: first?.signedAtMs ?? null,
      isUsedElsewhere: lastNonce !== null && sight.pendingCount > lastNonce + 1,
      drained: state?.isDrained === true ? { by: state.by, atMs: state.atMs } : null,
    })
  }
  return all
}
