import type { RangeQueue, RangeTable } from './ports.ts'

/**
 * Lets ranges that failed, or pause after a failure, be tried again at once, and tells the queue of all that are open.
 *
 * @returns how many were opened again, and how many are open now
 */
export async function reopenRanges(
  { ranges, queue }: { readonly ranges: RangeTable; readonly queue: RangeQueue },
  plan: string,
): Promise<{ readonly count: number; readonly open: number }> {
  const count = await ranges.reopen(plan)
  const open = await ranges.list(plan, { state: 'open' })
  await queue.announce(plan, open)
  return { count, open: open.length }
}
