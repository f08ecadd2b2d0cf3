import type { DerivedRef, View } from '#core/history/head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { canonicalRows } from '#core/history/rebuilds.ts'
import { valueOfRow } from '#core/history/stored-row.ts'
import type { Views } from '#core/history/view.ts'
import { type Page, pageOf } from '#core/page.ts'
import type { QuarantinedLog, QuarantineQuery, QuarantineTable } from './ports.ts'

export type QuarantinePorts = { readonly quarantine: QuarantineTable; readonly views: Views }

/**
 * Logs of the sources that do not decode, oldest first: of canonical blocks up to the view's head, with the reason why
 * they count for nothing.
 *
 * @param query.after the page begins behind this place
 * @param query.to the last block; rows behind it are not looked at, whatever is wrong with them
 */
export async function listQuarantine(
  { quarantine, views }: QuarantinePorts,
  view: View,
  query: { readonly after?: EventPlace; readonly limit: number; readonly to?: number },
): Promise<Page<QuarantinedLog>> {
  const { after, limit } = query
  const to = Math.min(query.to ?? view.head.number, view.head.number)
  const found: QuarantinedLog[] = []
  let at: QuarantineQuery['after'] = after
  while (found.length <= limit) {
    const asked = { limit: limit + 1, ...(at && { after: at }) }
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const listed = await quarantine.list(view.chainId, asked)
    const stored = listed.filter(({ place }) => place.number <= to)
    const refs = stored.map(({ place, commit }) => ({ number: place.number, commit }))
    // oxlint-disable-next-line no-await-in-loop -- as above
    const isCanonical = await canonicalRows(views, view, refs)
    for (const [index, row] of stored.entries())
      if (isCanonical(refs[index] as DerivedRef)) found.push(valueOfRow(row))
    const last = stored.at(-1)
    if (!last || stored.length < asked.limit) break
    at = { ...last.place, commit: last.commit }
  }
  return pageOf(found, limit)
}
