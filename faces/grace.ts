/** What is under way may end well for so long; a process that is told to end is gone within twice of it. */
const GRACE_MS = 5_000

/** Aborted some seconds after `stop` is: what is under way then is given up. */
export function afterGrace(stop: AbortSignal): AbortSignal {
  const late = new AbortController()
  stop.addEventListener('abort', () => setTimeout(() => late.abort(), GRACE_MS).unref(), {
    once: true,
  })
  return late.signal
}
