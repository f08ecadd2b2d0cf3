import { type DocumentId, type DocumentSet, refOf, type Version } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, resolveKeys } from '#core/history/resolve.ts'
import type { ChainWriter, Replacement } from './ports.ts'

type PutBackPorts = ResolvePorts & { readonly writer: ChainWriter }

/** Documents looked at together. */
const BATCH_MAX = 1_000
/** How often other writers may change a document between the look and the replacement. */
const TRIES_MAX = 8

/**
 * Gives documents the version that the view sees as their current one again; those that do not exist there are removed.
 *
 * @param isDead says of a hidden current version that nobody can ever commit it: others are left to their writers
 * @returns false where other writers kept on changing one of them: then nothing may be dropped that it may need
 */
export async function putBack(
  ports: PutBackPorts,
  view: View,
  ids: readonly DocumentId[],
  isDead: (stored: Version) => boolean,
): Promise<boolean> {
  for (const ofKind of Map.groupBy(ids, ({ tree, kind }) => `${tree}:${kind}`).values())
    for (let start = 0; start < ofKind.length; start += BATCH_MAX)
      if (!(await putBackBatch(ports, view, ofKind.slice(start, start + BATCH_MAX), isDead)))
        return false
  return true
}

async function putBackBatch(
  ports: PutBackPorts,
  view: View,
  ids: readonly DocumentId[],
  isDead: (stored: Version) => boolean,
): Promise<boolean> {
  let left = ids
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const replacements = await replacementsFor(ports, view, left, isDead)
    if (replacements.length === 0) return true
    const missed = await ports.writer.replace(replacements)
    if (missed.length === 0) return true
    // A late writer may have been quicker; what it wrote may hide what this document needs just as well.
    left = missed.map((index) => (replacements[index] as Replacement).id)
  }
  return false
}

async function replacementsFor(
  ports: PutBackPorts,
  view: View,
  ids: readonly DocumentId[],
  isDead: (stored: Version) => boolean,
): Promise<Replacement[]> {
  const keys = ids.map(({ key }) => key)
  const resolved = await resolveKeys(ports, view, ids[0] as DocumentSet, keys)
  return resolved.flatMap(({ stored, visible }, index): Replacement[] => {
    if (!stored || stored === visible || !isDead(stored)) return []
    const id = ids[index] as DocumentId
    return [{ id, version: visible ?? null, previous: null, expected: refOf(stored) }]
  })
}
