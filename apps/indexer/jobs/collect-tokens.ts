import type { Indexer } from '#indexer/wire.ts'

/** Reads tokens' words beside the follower, until it is disposed of. What it waits for then is given up. */
export function startCollecting({ tokens, log }: Indexer): Disposable {
  const over = new AbortController()
  const running = tokens.run(over.signal, (reason) =>
    log.warn({ reason }, 'cannot read the words of some tokens for now'),
  )
  running.catch((error: unknown) => {
    // A store that is closed under it is no news then; anything else is a bug, and ends the process.
    if (!over.signal.aborted) throw error
  })
  return { [Symbol.dispose]: () => over.abort() }
}
