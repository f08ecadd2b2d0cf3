import { hasEnded, type IntentState, intentStates, isOpen } from './intent.ts'
import type { IntentStore } from './ports.ts'

/** Spends of one chain that have not come to their end. */
export type SpendCounts = {
  /** One number for each state in which a spend waits for the relay or for a person. */
  readonly byState: Readonly<Partial<Record<IntentState, number>>>
  /** When the oldest that the relay still has to bring to its end was asked for, in milliseconds since 1970; null: there is none. */
  readonly oldestMs: number | null
}

/** States of spends that have not ended, `quarantined` among them. */
export const waitingStates: readonly IntentState[] = intentStates.filter(
  (state) => !hasEnded({ state }),
)

const PAGE = 500

/** Counts them from the records. @throws AppError `unavailable` where these cannot be read */
export async function countSpends(
  { intents }: { readonly intents: Pick<IntentStore, 'listIntents'> },
  chainId: number,
): Promise<SpendCounts> {
  const byState = Object.fromEntries(waitingStates.map((state) => [state, 0]))
  let oldestMs: number | null = null
  let after: string | undefined
  for (;;) {
    const page = await intents.listIntents(chainId, {
      states: waitingStates,
      ...(after !== undefined && { after }),
      limit: PAGE,
    })
    for (const intent of page) {
      byState[intent.state] = (byState[intent.state] ?? 0) + 1
      if (isOpen(intent)) oldestMs = Math.min(oldestMs ?? intent.createdMs, intent.createdMs)
    }
    if (page.length < PAGE) return { byState, oldestMs }
    after = page.at(-1)?.id
  }
}
