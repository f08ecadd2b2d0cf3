import type { Cancel } from '#core/clock.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { reconcile } from './reconcile.ts'
import type { RelayPolicy, RelayPorts } from './relay-ports.ts'

/**
 * Compares the ledger with the chain again and again, and warns of every difference. It mends nothing: a person looks first.
 *
 * @param everyMs from the end of one comparison to the next
 */
export async function runReconciler(
  ports: RelayPorts,
  policy: RelayPolicy,
  everyMs: number,
  stop: Cancel,
): Promise<void> {
  while (!stop.aborted) {
    try {
      const { differences } = await reconcile(ports, policy, { actor: 'relay', isRepair: false })
      for (const { cause, operation, hold, account } of differences)
        ports.warn('the ledger and the chain differ', { cause, operation, hold, account })
    } catch (error) {
      if (!isAppError(error, 'unavailable')) throw error
      ports.warn('the ledger could not be compared with the chain', { why: messageOf(error) })
    }
    await ports.clock.sleep(everyMs, stop)
  }
}
