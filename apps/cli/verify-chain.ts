import { type BlockRange, mergeRanges } from '#core/chain.ts'
import { currentView } from '#core/history/at-head.ts'
import { mismatchText } from '#core/indexing/audit-blocks.ts'
import { type VerifiedBlocks, verifyBlocks } from '#core/indexing/verify-blocks.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { afterGrace } from '#faces/grace.ts'
import { showProgress } from './show-progress.ts'
import { readSettings } from './wire.ts'
import { wireChainVerifying } from './wire-verify.ts'

export type VerifyChainOptions = {
  readonly config: string
  readonly ranges?: readonly BlockRange[]
  readonly sample: number
  readonly all?: boolean
  readonly json?: boolean
}

/** Mismatches that are printed; the rest is counted. */
const PRINTED_MAX = 100

/** Holds what is stored against the chain, and prints what does not agree. */
export async function verifyChain(options: VerifyChainOptions, stop: AbortSignal): Promise<void> {
  await using app = await wireChainVerifying(readSettings(options.config), afterGrace(stop))
  const view = await currentView(app.history.views)
  const isWhole = options.all === true || options.ranges !== undefined
  const blocks = await showProgress(
    () =>
      verifyBlocks(
        app.auditor,
        view,
        {
          random: Math.random,
          ...(options.ranges && { ranges: mergeRanges(options.ranges) }),
          ...(!isWhole && { sample: options.sample }),
        },
        stop,
      ),
    app.reading,
    ({ done, total, number }) => ({ done, total, note: `block ${number}` }),
  )
  if (stop.aborted) return
  if (options.json === true) process.stdout.write(`${JSON.stringify({ blocks })}\n`)
  else for (const line of linesOf(blocks)) process.stdout.write(`${line}\n`)
  if (blocks.mismatchCount > 0) process.exitCode = exitCodes.internal
}

function linesOf({ blocks, rows, level, mismatches, mismatchCount }: VerifiedBlocks): string[] {
  const looked = `${blocks} final blocks with ${rows} rows were proven again (${level ?? 'none'})`
  if (mismatchCount === 0) return [`${looked}: what is stored of them is what the chain has`]
  const wrong = mergeRanges(mismatches.map(({ block }) => ({ from: block, to: block })))
  return [
    `${looked}: ${mismatchCount} mismatches`,
    ...mismatches.slice(0, PRINTED_MAX).map((each) => `differs: ${mismatchText(each)}`),
    ...(mismatchCount > PRINTED_MAX ? [`and ${mismatchCount - PRINTED_MAX} more`] : []),
    ...wrong.map(({ from, to }) => `mend it: halyard reindex --from ${from} --to ${to} --apply`),
  ]
}
