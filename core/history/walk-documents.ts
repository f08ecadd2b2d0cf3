import { type DocumentSpec, type Key, keyOf, type Version } from './document.ts'
import type { View } from './head.ts'
import { type ResolvePorts, scanVersions } from './resolve.ts'

/** Documents that are read at a time. */
const PAGE = 1_000

/**
 * All documents of a kind that a view has, by identity, each as the version that the view sees.
 *
 * @param prefix the values of the first fields of the identity; left out: of all
 */
export async function* walkVersions<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  prefix: Key = [],
): AsyncGenerator<Version<T>> {
  let after: Key | undefined
  for (;;) {
    const scan = { order: 'identity', prefix, limit: PAGE, ...(after && { after }) }
    const page = await scanVersions(ports, view, spec, scan)
    yield* page
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = keyOf(spec, last.value)
  }
}

/** Their values alone. */
export async function* walkDocuments<T extends object>(
  ports: ResolvePorts,
  view: View,
  spec: DocumentSpec<T>,
  prefix: Key = [],
): AsyncGenerator<T> {
  for await (const { value } of walkVersions(ports, view, spec, prefix)) yield value
}
