import type { Address } from '#core/chain.ts'
import type { SenderState } from './intent.ts'
import type { SpendPorts } from './relay-ports.ts'

/** Lets a sender finish what it has claimed and take on nothing new, or take on new spends again. */
export async function drainSender(
  { intents, clock }: Pick<SpendPorts, 'intents' | 'clock'>,
  chainId: number,
  sender: Address,
  { isDrained, by }: Pick<SenderState, 'isDrained' | 'by'>,
): Promise<SenderState> {
  const state = { chainId, sender, isDrained, by, atMs: clock.nowMs() }
  await intents.putSender(state)
  return state
}
