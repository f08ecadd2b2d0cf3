import { findSourceWarnings, sourceWarningText } from '#wiring/review-sources.ts'
import type { Indexer } from '#indexer/wire.ts'

/** Says what is likely wrong with the sources, once, beside following them. */
export async function reviewJob(
  { config, log }: Pick<Indexer, 'config' | 'log'>,
  stop: AbortSignal,
): Promise<void> {
  const warnings = await findSourceWarnings(config, stop)
  for (const warning of warnings) log.warn({}, sourceWarningText(warning))
}
