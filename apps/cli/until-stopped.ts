import { isAppError } from '#core/errors.ts'
import { exitCodes } from '#faces/exit-code.ts'

/**
 * Runs what may take hours until it ends or is told to stop by SIGINT or SIGTERM; then it is said how to go on.
 *
 * @param run is given what tells it to stop, before anything is opened: a store or a chain that keeps it waiting can be
 *   given up
 */
export async function untilStopped(run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    await run(stop.signal)
  } catch (error) {
    // What was waited for when it was stopped failed because of that.
    if (!stop.signal.aborted || !isAppError(error, 'unavailable')) throw error
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
  if (!stop.signal.aborted) return
  process.stderr.write('halyard: stopped; run the same command again to go on\n')
  process.exitCode = exitCodes.stopped
}
