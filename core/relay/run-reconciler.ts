import type { Cancel } from '#core/clock.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { createFinalEvents } from './final-events.ts'
import { type Reconciliation, reconcile } from './reconcile.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'

/**
 * Compares the ledger with the chain again and again, and warns of every difference. It mends nothing: a person looks first.
 *
 * @param told of each comparison; of undefined where none could be made
 * @param everyMs from the end of one comparison to the next
 */
export async function runReconciler(
  ports: RelayPorts,
  policy: RelayPolicy,
  everyMs: number,
  stop: Cancel,
  told: (found: Reconciliation | undefined) => void,
): Promise<void> {
  const events = createFinalEvents(ports.chain, policy.startBlock)
  while (!stop.aborted) {
    try {
      const how = { actor: 'relay', isRepair: false }
      const found = await reconcile(ports, policy, how, events)
      told(found)
      for (const { cause, operation, hold, account } of found.differences)
        ports.warn('the ledger and the chain differ', { cause, operation, hold, account })
    } catch (error) {
      if (!isAppError(error, 'unavailable')) throw error
      told(undefined)
      ports.warn('the ledger could not be compared with the chain', { why: messageOf(error) })
    }
    await ports.clock.sleep(everyMs, stop)
  }
}
