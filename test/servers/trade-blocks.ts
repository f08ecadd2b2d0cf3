import type { Deployment } from '#devnet/deployment.ts'
import { type PlayedBlock, startTraders } from '#devnet/traders.ts'

/** Plays so many blocks on a local chain, as fast as it goes; each holds trades. */
export async function tradeBlocks(
  url: string,
  deployment: Deployment,
  blocks: number,
  seed: string,
): Promise<readonly PlayedBlock[]> {
  const played: PlayedBlock[] = []
  const done = Promise.withResolvers<void>()
  const traders = startTraders(url, deployment, {
    blockTimeMs: 0,
    seed,
    onBlock(block) {
      if (played.length < blocks) played.push(block)
      if (played.length === blocks) done.resolve()
    },
    onError: done.reject,
  })
  try {
    await done.promise
  } finally {
    await traders.stop()
  }
  return played
}
