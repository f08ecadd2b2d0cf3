import type { Clock } from '#core/clock.ts'
import { hasEnded, type Intent } from '#core/relay/intent.ts'

/**
 * A spend as it is now, and again whenever it has changed, until it has ended or `signal` is aborted.
 *
 * @param read asks each time whose it is, so that it ends with the session of whoever asks
 * @param pollMs how often it is read, in milliseconds
 * @throws AppError whatever `read` throws
 */
export async function* watchSpend(
  { clock }: { readonly clock: Pick<Clock, 'sleep'> },
  read: () => Promise<Intent>,
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<Intent, void> {
  let version = 0
  while (!signal.aborted) {
    const intent = await read()
    if (intent.version !== version && !signal.aborted) {
      ;({ version } = intent)
      yield intent
      if (hasEnded(intent)) return
    }
    await clock.sleep(pollMs, signal)
  }
}
