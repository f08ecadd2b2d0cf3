import { type DocumentSpec, type Key, keyOf, type Version } from './document.ts'
import type { View } from './head.ts'
import { type ResolvePorts, scanVersions } from './resolve.ts'

/** Documents that are read at a time. */
const PAGE = 1_000

/**
 * All documents of a kind that a view has, by identity, each as the version that the view sees, some at a time.
 *
 * @param prefix the values of the first fields of the identity; left out: of all
 */
export async function* pagesOfDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  prefix: Key = [],
): AsyncGenerator<readonly Version<T>[]> {
  let after: Key | undefined
  for (;;) {
    const scan = { order: 'identity', prefix, limit: PAGE, ...(after && { after }) }
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await scanVersions(ports, view, spec, scan)
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = keyOf(spec, last.value)
  }
}

/** Their values, one by one. */
export async function* walkDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
): AsyncGenerator<T> {
  for await (const page of pagesOfDocuments(ports, view, spec))
    for (const { value } of page) yield value
}
