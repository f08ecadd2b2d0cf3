import { mapConcurrent } from '#core/concurrent.ts'
import {
  type DocumentSet,
  type DocumentSpec,
  type Key,
  keyOf,
  orderKey,
  type Version,
} from './document.ts'
import type { View } from './head.ts'
import type { HistoryPorts, Scan } from './ports.ts'
import { treeOf } from './versions.ts'
import { staleView, type Views } from './view.ts'

/** What reading projections needs: the stored tree, and who knows what is canonical. */
export type ResolvePorts = Pick<HistoryPorts, 'heads' | 'tree'> & { readonly views: Views }

/** A document as it is stored and as a view sees it. */
export type Resolved<T extends object = object> = {
  /** The current version, visible or not: what a writer replaces. */
  readonly stored: Version<T> | undefined
  readonly visible: Version<T> | undefined
}

/** How many versions of a hidden document are looked at first; then eight times as many, and so on. */
const VERSIONS_LOOK = 8
/** Hidden documents looked up at a time. */
const LOOKS_MAX = 16

/**
 * The documents of a kind that belong to a view.
 *
 * @throws AppError `unavailable` (`other-version`) where another version of their projection made them, or none did
 */
export const documentsOf = (view: View, spec: DocumentSpec): DocumentSet => ({
  tree: treeOf(view, spec),
  kind: spec.kind,
})

/**
 * Documents as of a view, in the order of `keys`.
 *
 * A current version that is newer than the view's head, of a dead branch or of a commit that never came about is passed
 * over for the newest stored version that the view can see.
 *
 * @throws AppError (`isStaleView`) when what the view needs was swept
 */
export async function resolveDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  keys: readonly Key[],
): Promise<Resolved<T>[]> {
  return (await resolveKeys(ports, view, documentsOf(view, spec), keys)) as Resolved<T>[]
}

/** The same for documents of whatever type. */
export async function resolveKeys(
  ports: ResolvePorts,
  view: View,
  set: DocumentSet,
  keys: readonly Key[],
): Promise<Resolved[]> {
  if (keys.length === 0) return []
  const stored = await ports.tree.read(set, keys)
  return resolveStored(ports, view, set, keys, stored)
}

/** The values of documents as of a view; undefined where the view has none. */
export async function readDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  keys: readonly Key[],
): Promise<(T | undefined)[]> {
  const resolved = await resolveDocuments(ports, view, spec, keys)
  return resolved.map((document) => document.visible?.value)
}

/**
 * A page of documents as of a view, in a declared order. What a list filters on is part of the order, so a document
 * that is hidden from the view leaves no hole: the walk goes on until the page is full.
 */
export async function scanDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  scan: Scan,
  keep: (value: T) => boolean = () => true,
): Promise<T[]> {
  const page = await scanVersions(ports, view, spec, scan, keep)
  return page.map(({ value }) => value)
}

/** The same, each as the version that the view sees. */
export async function scanVersions<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  scan: Scan,
  keep: (value: T) => boolean = () => true,
): Promise<Version<T>[]> {
  const { page } = await scanUpTo(ports, view, spec, scan, keep)
  return page
}

/** Documents that are read at once where more are read than are listed. */
const SCANNED_MAX = 1_000

/**
 * The same, up to a number of documents that are looked at.
 *
 * @returns `behind`: the last one as it is stored, where the walk ended at that number and before the page was full
 */
export async function scanUpTo<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  scan: Scan,
  keep: (value: T) => boolean,
  lookedAtMax = Number.POSITIVE_INFINITY,
): Promise<{ readonly page: Version<T>[]; readonly behind?: T }> {
  let lookedAt = 0
  const set = documentsOf(view, spec)
  const page: Version<T>[] = []
  let { after, limit } = scan
  while (page.length < scan.limit) {
    const stored = (await ports.tree.scan(set, {
      ...scan,
      limit,
      ...(after && { after }),
    })) as Version<T>[]
    const keys = stored.map((version) => keyOf(spec, version.value))
    for (const { visible } of await resolveStored(ports, view, set, keys, stored)) {
      if (!visible || page.length === scan.limit) continue
      const version = visible as Version<T>
      // The version that the view sees may have stood elsewhere in the order.
      if (isUnder(spec, scan, version.value) && keep(version.value)) page.push(version)
    }
    const last = stored.at(-1)
    if (!last || stored.length < limit) break
    lookedAt += stored.length
    if (lookedAt >= lookedAtMax && page.length < scan.limit) return { page, behind: last.value }
    after = orderKey(spec, scan.order, last.value)
    // Few of many may be listed, as what an account holds of all that went through its hands.
    limit = Math.max(limit, Math.min(2 * limit, SCANNED_MAX))
  }
  return { page }
}

const isUnder = <T extends object>(
  spec: DocumentSpec<T>,
  { order, prefix }: Scan,
  value: T,
): boolean => {
  const key = orderKey(spec, order, value)
  return prefix.every((part, index) => key[index] === part)
}

async function resolveStored(
  ports: ResolvePorts,
  view: View,
  set: DocumentSet,
  keys: readonly Key[],
  stored: readonly (Version | undefined)[],
): Promise<Resolved[]> {
  const isCanonical = await ports.views.canonical(
    view,
    stored.filter((version) => version !== undefined),
  )
  const hidden: number[] = []
  const resolved = stored.map((version, index): Resolved => {
    if (version && !isCanonical(version)) hidden.push(index)
    return { stored: version, visible: version }
  })
  if (hidden.length === 0) return resolved

  const visible = await mapConcurrent(hidden, LOOKS_MAX, (index) =>
    newestVisible(ports, view, set, keys[index] as Key),
  )
  // Read last: what was not swept by now was there all the time.
  const { sweptTo } = await ports.heads.upkeep(view.chainId)
  if (sweptTo > view.head.number) throw staleView(view)
  for (const [place, index] of hidden.entries()) {
    const { stored: hiddenVersion } = resolved[index] as Resolved
    resolved[index] = { stored: hiddenVersion, visible: visible[place] }
  }
  return resolved
}

/** The newest version of a document that the view can see, however many were tried since. */
async function newestVisible(
  ports: ResolvePorts,
  view: View,
  set: DocumentSet,
  key: Key,
): Promise<Version | undefined> {
  for (let limit = VERSIONS_LOOK; ; limit *= VERSIONS_LOOK) {
    // Each look begins at the newest: between two of them a version may have moved to another place.
    const versions = await ports.tree.versions(set, key, { atMost: view.head.number, limit })
    const isCanonical = await ports.views.canonical(view, versions)
    const found = versions.find((version) => isCanonical(version))
    if (found || versions.length < limit) return found
  }
}
