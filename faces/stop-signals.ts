/**
 * Aborted, with the signal as the reason, when this process is told to end. To be called before anything is opened, so
 * that a store or a chain that keeps it waiting can be given up. A second signal ends the process at once.
 */
export function onStopSignals(): AbortController {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(signal))
  return stop
}
