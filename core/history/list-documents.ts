import { type Page, pageOf } from '#core/page.ts'
import type { DocumentSpec } from './document.ts'
import type { View } from './head.ts'
import type { Scan } from './ports.ts'
import { type ResolvePorts, scanDocuments } from './resolve.ts'

/**
 * A page of documents as of a view, and whether the list goes on behind it; otherwise as `scanDocuments`.
 *
 * @param keep which of them are listed: all, unless given
 */
export async function listDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  scan: Scan,
  keep?: (value: T) => boolean,
): Promise<Page<T>> {
  const found = await scanDocuments(ports, view, spec, { ...scan, limit: scan.limit + 1 }, keep)
  return pageOf(found, scan.limit)
}
