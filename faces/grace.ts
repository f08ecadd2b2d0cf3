/** What is under way may end well for so long; a process that is told to end is gone within twice of it. */
const GRACE_MS = 5_000

/** Orchestrators and people count on an end within 10 seconds. */
const END_MS_MAX = 9_000

/**
 * Ends the process if it has not ended by itself in some seconds: what hangs is not waited for. What it leaves behind
 * is what a crash leaves, which the next start puts in order.
 */
export function endForSure(exitCode: number, told: () => void): void {
  setTimeout(() => {
    told()
    process.exit(exitCode)
  }, END_MS_MAX).unref()
}

/** Aborted some seconds after `stop` is: what is under way then is given up. */
export function afterGrace(stop: AbortSignal): AbortSignal {
  const late = new AbortController()
  stop.addEventListener('abort', () => setTimeout(() => late.abort(), GRACE_MS).unref(), {
    once: true,
  })
  return late.signal
}
