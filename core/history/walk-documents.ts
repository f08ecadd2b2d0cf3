import { type DocumentSpec, type Key, keyOf } from './document.ts'
import type { View } from './head.ts'
import { type ResolvePorts, scanDocuments } from './resolve.ts'

/** Documents that are read at a time. */
const PAGE = 1_000

/**
 * All documents of a kind that a view has, by identity.
 *
 * @param prefix the values of the first fields of the identity; left out: of all
 */
export async function* walkDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  prefix: Key = [],
): AsyncGenerator<T> {
  let after: Key | undefined
  for (;;) {
    const scan = { order: 'identity', prefix, limit: PAGE, ...(after && { after }) }
    const page = await scanDocuments(ports, view, spec, scan)
    yield* page
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = keyOf(spec, last)
  }
}
