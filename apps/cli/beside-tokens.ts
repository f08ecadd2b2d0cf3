import type { TokenCollector } from '#core/tokens/collect-tokens.ts'

/** What is left when a run ends is waited for so long at most. */
const REST_MS_MAX = 2_000

/**
 * Reads tokens' words beside a run, and then those that are left, if that goes quickly: they are no part of the history,
 * and can be read at any time.
 *
 * @param stop when aborted, what is left is left
 */
export async function besideTokens<T>(
  tokens: TokenCollector,
  stop: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const beside = tokens.run(over.signal, () => undefined)
  // Awaited below, unless the run fails: then that is what is told.
  beside.catch(() => undefined)
  try {
    const result = await run()
    over.abort()
    if (!stop.aborted) await inTime(stop, () => readRest(tokens, beside))
    return result
  } finally {
    over.abort()
  }
}

async function readRest(tokens: TokenCollector, beside: Promise<void>): Promise<void> {
  await beside
  for (;;) {
    const { isDone, waiting, stored, trouble } = await tokens.step()
    if (isDone) return
    if (trouble === undefined && (stored > 0 || waiting === 0)) continue
    const reason = trouble === undefined ? '' : `: ${trouble}`
    process.stderr.write(
      `halyard: symbols and decimals of ${waiting} tokens are not stored yet; the indexer or the next run reads them${reason}\n`,
    )
    return
  }
}

async function inTime(stop: AbortSignal, work: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, REST_MS_MAX)
  stop.addEventListener('abort', () => late.resolve(), { once: true })
  try {
    await Promise.race([work(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
