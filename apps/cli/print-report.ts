import { duration } from '#cli/progress.ts'
import type { BackfillReport } from '#core/indexing/backfill.ts'

/** What a run brought into the history, for people on stdout, or as one line of JSON. */
export function printReport(
  report: BackfillReport & { readonly sourceWarnings?: readonly string[] },
  seconds: number,
  asJson: boolean,
): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...report, seconds })}\n`)
    return
  }
  const events = Object.entries(report.events).map(([type, count]) => `${count} ${type}`)
  const at = report.watermark
    ? `block ${report.watermark.number} ${report.watermark.hash}`
    : 'no block'
  const lines = [
    `indexed ${report.blocks} blocks with ${report.logs} logs in ${duration(seconds)}`,
    ...(events.length > 0 ? [`events      ${events.join(', ')}`] : []),
    ...(report.quarantined > 0 ? [`quarantined ${report.quarantined} malformed logs`] : []),
    `stands at   ${at}`,
    `digest      ${report.digest}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** What of a report a person should look into. */
export function reportWarnings(report: BackfillReport): string[] {
  const reasons = Object.entries(report.quarantineReasons).map(
    ([reason, count]) => `${count} logs are set apart, not indexed: ${reason}`,
  )
  if (report.quarantined === 0) return reasons
  return [
    ...reasons,
    'list them with `halyard quarantine`; is the contract of the kind that sources says?',
  ]
}
