import type { ChainName } from '#core/chain-choice.ts'
import type { Cancel } from '#core/clock.ts'
import { auditSample } from '#core/indexing/audit-sample.ts'
import { mendingCommand, mismatchText } from '#core/indexing/audit-blocks.ts'
import type { Indexer } from '#indexer/wire.ts'
import type { Health } from './follow-head.ts'

/** Mismatches of a block that are logged one by one. */
const LOGGED_MAX = 5

/** Holds a random final block now and then against the chain, until cancelled, and tells what does not agree. */
export async function auditJob(indexer: Indexer, health: Health, cancel: Cancel): Promise<void> {
  const { config, audits, log, metrics } = indexer
  const everyMs = config.indexer.auditEveryMs
  if (everyMs === null) return
  const input = { everyMs, isIdle: () => health.isIdle }
  for await (const event of auditSample(audits, input, cancel)) {
    if (event.status === 'skipped') {
      // What waits for the chain is given up when this process ends.
      if (cancel.aborted) return
      log.info({ block: event.block, reason: event.error.message }, 'a block was not audited')
      continue
    }
    const { block, mismatches, wrong } = event
    metrics.audited(mismatches.length)
    health.wrongBlocks = wrong
    if (mismatches.length === 0) continue
    log.error(
      {
        block,
        mismatches: mismatches.slice(0, LOGGED_MAX).map(mismatchText),
        count: mismatches.length,
      },
      `block ${block} is not stored as the chain proves it; mend it: ${remedyFor([block], config.chain)}`,
    )
  }
}

/** The commands that mend blocks. Where the chain has a name, there are others that a command could mean. */
export const remedyFor = (blocks: readonly number[], { name, id }: ChainName): string =>
  blocks
    .map((block) => mendingCommand({ from: block, to: block }))
    .map((command) => (name === String(id) ? command : `${command} --chain ${name}`))
    .join('; ')
