import { mapConcurrent } from '#core/concurrent.ts'
import {
  type DocumentKind,
  type Documents,
  type Key,
  keyOf,
  orderKey,
  type Version,
} from './document.ts'
import type { View } from './head.ts'
import type { HistoryPorts, Scan } from './ports.ts'
import { staleView, type Views } from './view.ts'

/** What reading projections needs: the stored tree, and who knows what is canonical. */
export type ResolvePorts = Pick<HistoryPorts, 'heads' | 'tree'> & { readonly views: Views }

/** A document as it is stored and as a view sees it. */
export type Resolved<K extends DocumentKind> = {
  /** The current version, visible or not: what a writer replaces. */
  readonly stored: Version<K> | undefined
  readonly visible: Version<K> | undefined
}

/** How many versions of a hidden document are looked at first; then eight times as many, and so on. */
const VERSIONS_LOOK = 8
/** Hidden documents looked up at a time. */
const LOOKS_MAX = 16

/**
 * Documents as of a view, in the order of `keys`.
 *
 * A current version that is newer than the view's head, of a dead branch or of a commit that never came about is passed
 * over for the newest stored version that the view can see.
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
      if (!visible || page.length === scan.limit) continue
      // The version that the view sees may have stood elsewhere in the order.
      if (isUnder(scan, visible.value) && keep(visible.value)) page.push(visible.value)
    }
    const last = stored.at(-1)
    if (!last || stored.length < scan.limit) break
    after = orderKey(scan.kind, scan.order, last.value)
  }
  return page
}

const isUnder = <K extends DocumentKind>(scan: Scan<K>, value: Documents[K]): boolean => {
  const key = orderKey(scan.kind, scan.order, value)
  return scan.prefix.every((part, index) => key[index] === part)
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
    stored.filter((version) => version !== undefined),
  )
  const hidden: number[] = []
  const resolved = stored.map((version, index): Resolved<K> => {
    if (version && !isCanonical(version)) hidden.push(index)
    return { stored: version, visible: version }
  })
  if (hidden.length === 0) return resolved

  const visible = await mapConcurrent(hidden, LOOKS_MAX, (index) =>
    newestVisible(ports, view, kind, keys[index] as Key),
  )
  // Read last: what was not swept by now was there all the time.
  const { sweptTo } = await ports.heads.upkeep(view.chainId)
  if (sweptTo > view.head.number) throw staleView(view)
  for (const [place, index] of hidden.entries()) {
    const { stored: hiddenVersion } = resolved[index] as Resolved<K>
    resolved[index] = { stored: hiddenVersion, visible: visible[place] }
  }
  return resolved
}

/** The newest version of a document that the view can see, however many were tried since. */
async function newestVisible<K extends DocumentKind>(
  ports: ResolvePorts,
  view: View,
  kind: K,
  key: Key,
): Promise<Version<K> | undefined> {
  const { number, tree } = view.head
  for (let limit = VERSIONS_LOOK; ; limit *= VERSIONS_LOOK) {
    // Each look begins at the newest: between two of them a version may have moved to another place.
    const versions = await ports.tree.versions(tree, kind, key, { atMost: number, limit })
    const isCanonical = await ports.views.canonical(view, versions)
    const found = versions.find((version) => isCanonical(version))
    if (found || versions.length < limit) return found
  }
}
