import { duration } from '#cli/progress.ts'
import type { Reading } from '#cli/reading.ts'
import { showProgress } from '#cli/show-progress.ts'
import type { RebuildProgress, RebuildReport } from '#core/indexing/rebuild/rebuild-history.ts'

const NOTHING_READ: Reading = { headers: 0, logs: 0, receipts: 0 }

/** Walks through a rebuild to its end, its steps shown as a bar on stderr. */
export const showRebuild = (
  start: () => AsyncGenerator<RebuildProgress, RebuildReport | undefined>,
  reading: Reading = NOTHING_READ,
): Promise<RebuildReport | undefined> =>
  showProgress(start, reading, ({ stage, done, total, number }) => ({
    done,
    total,
    note: `${stage}, block ${number}`,
  }))

/** What was made anew, for people on stdout, or as one line of JSON. */
export function printRebuild(report: RebuildReport, elapsed: number, asJson: boolean): void {
  const seconds = Math.round(elapsed * 1_000) / 1_000
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...report, seconds })}\n`)
    return
  }
  const { projections, dropped, rewritten, events, head, digest } = report
  const lines = [
    `made anew in ${duration(seconds)}`,
    ...(rewritten > 0 ? [`events      of ${rewritten} blocks`] : []),
    ...(projections.length > 0
      ? [`documents   of ${projections.join(', ')}, from ${events} events`]
      : []),
    ...(dropped.length > 0 ? [`left out    ${dropped.join(', ')}`] : []),
    `stands at   block ${head.number} ${head.hash}`,
    `digest      ${digest}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
