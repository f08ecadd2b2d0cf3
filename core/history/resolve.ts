import type { BlockRef } from '#core/chain.ts'
import {
  type DocumentKind,
  type Documents,
  type Key,
  keyOf,
  orderKey,
  type Version,
} from './document.ts'
import type { View } from './head.ts'
import type { HistoryPorts, Scan, Undo } from './ports.ts'
import { staleView, type Views } from './view.ts'

/** What reading projections needs: the stored tree, and who knows which blocks are canonical. */
export type ResolvePorts = Pick<HistoryPorts, 'heads' | 'tree'> & { readonly views: Views }

/** A document as it is stored and as a view sees it. */
export type Resolved<K extends DocumentKind> = {
  /** What a writer replaces, visible or not. */
  readonly stored: Version<K> | undefined
  readonly visible: Version<K> | undefined
}

/**
 * Documents as of a view, in the order of `keys`.
 *
 * A stored version that is newer than the view's head, or of a dead branch, is passed over for the newest undo record
 * that the head can see.
 *
 * @throws AppError (`isStaleView`) when what the view needs was swept
 */
export async function resolveDocuments<K extends DocumentKind>(
  ports: ResolvePorts,
  view: View,
  kind: K,
  keys: readonly Key[],
): Promise<Resolved<K>[]> {
  if (keys.length === 0) return []
  const stored = await ports.tree.read(view.head.tree, kind, keys)
  return resolveStored(ports, view, kind, keys, stored)
}

/** The values of documents as of a view; undefined where the view has none. */
export async function readDocuments<K extends DocumentKind>(
  ports: ResolvePorts,
  view: View,
  kind: K,
  keys: readonly Key[],
): Promise<(Documents[K] | undefined)[]> {
  const resolved = await resolveDocuments(ports, view, kind, keys)
  return resolved.map((document) => document.visible?.value)
}

/**
 * A page of documents as of a view, in a declared order. What a list filters on is part of the order, so a document
 * that is hidden from the view leaves no hole: the walk goes on until the page is full.
 */
export async function scanDocuments<K extends DocumentKind>(
  ports: ResolvePorts,
  view: View,
  scan: Scan<K>,
  keep: (value: Documents[K]) => boolean = () => true,
): Promise<Documents[K][]> {
  const page: Documents[K][] = []
  let after = scan.after
  while (page.length < scan.limit) {
    const stored = await ports.tree.scan(view.head.tree, { ...scan, ...(after && { after }) })
    const keys = stored.map((version) => keyOf(scan.kind, version.value))
    for (const { visible } of await resolveStored(ports, view, scan.kind, keys, stored)) {
      if (visible && page.length < scan.limit && keep(visible.value)) page.push(visible.value)
    }
    const last = stored.at(-1)
    if (!last || stored.length < scan.limit) break
    after = orderKey(scan.kind, scan.order, last.value)
  }
  return page
}

async function resolveStored<K extends DocumentKind>(
  ports: ResolvePorts,
  view: View,
  kind: K,
  keys: readonly Key[],
  stored: readonly (Version<K> | undefined)[],
): Promise<Resolved<K>[]> {
  const isCanonical = await ports.views.canonical(
    view,
    stored.flatMap((version) => (version ? [version.at.number] : [])),
  )
  const hidden: number[] = []
  const resolved = stored.map((version, index): Resolved<K> => {
    if (version && !isCanonical(version.at)) hidden.push(index)
    return { stored: version, visible: version }
  })
  if (hidden.length === 0) return resolved

  const undo = await ports.tree.readUndo(
    view.head.tree,
    kind,
    hidden.map((index) => keys[index] as Key),
  )
  const seen = await ports.views.canonical(
    view,
    undo.flatMap((records) => records.flatMap((record) => record.version?.at.number ?? [])),
  )
  // Read after the undo: records that were not swept by now were all there.
  const { sweptTo } = await ports.heads.upkeep(view.chainId)
  if (sweptTo > view.head.number) throw staleView(view)
  for (const [place, index] of hidden.entries()) {
    const { stored: hiddenVersion } = resolved[index] as Resolved<K>
    resolved[index] = { stored: hiddenVersion, visible: newestVisible(undo[place] ?? [], seen) }
  }
  return resolved
}

function newestVisible<K extends DocumentKind>(
  records: readonly Undo<K>[],
  isCanonical: (block: BlockRef) => boolean,
): Version<K> | undefined {
  let newest: Version<K> | undefined
  for (const { version } of records) {
    if (!version || !isCanonical(version.at)) continue
    if (!newest || version.at.number > newest.at.number) newest = version
  }
  return newest
}
