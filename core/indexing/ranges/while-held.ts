import type { Clock, NewStopper } from '#core/clock.ts'

/** A lease that is renewed this often has time for two that fail. */
const RENEWALS_A_LEASE = 3

/**
 * Does something while a lease is renewed beside it.
 *
 * @param renew false, or a failure, where the lease is another's by now or cannot be renewed: the work goes on, since a
 *   lease only saves work
 */
export async function whileHeld<T>(
  { clock, newStopper }: { readonly clock: Pick<Clock, 'sleep'>; readonly newStopper: NewStopper },
  leaseMs: number,
  renew: () => Promise<boolean>,
  work: () => Promise<T>,
): Promise<T> {
  const { cancel, stop } = newStopper()
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(leaseMs / RENEWALS_A_LEASE, cancel)
      if (cancel.aborted) return
      await renew().catch(() => false)
    }
  })()
  try {
    return await work()
  } finally {
    stop()
    await renewing
  }
}
