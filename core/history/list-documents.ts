import { type Page, pageOf } from '#core/page.ts'
import type { DocumentSpec } from './document.ts'
import type { View } from './head.ts'
import type { Scan } from './ports.ts'
import { type ResolvePorts, scanUpTo } from './resolve.ts'

/** Documents that are looked at for a page of those that `keep` lets stand. */
export const LOOKED_AT_MAX = 2_000

/**
 * A page of documents as of a view, and whether the list goes on behind it; otherwise as `scanDocuments`. Where few of many
 * are listed, it may have fewer items than `limit`, or none, and still go on.
 *
 * @param keep which of them are listed: all, unless given
 */
export async function listDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  scan: Scan,
  keep: (value: T) => boolean = () => true,
  lookedAtMax = LOOKED_AT_MAX,
): Promise<Page<T>> {
  const wanted = { ...scan, limit: scan.limit + 1 }
  const { page, behind } = await scanUpTo(ports, view, spec, wanted, keep, lookedAtMax)
  const found = page.map(({ value }) => value)
  return behind ? { items: found, hasMore: true, behind } : pageOf(found, scan.limit)
}
