import type { Hash } from '#core/chain.ts'
import { combineDigest } from '#core/history/digest.ts'
import { catalogue } from '#core/catalogue.ts'
import { type DocumentSpec, keyOf } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { actedOf, type FakeBlock, fakeSources } from '../fakes/fake-chain.ts'
import { naiveModel } from '../oracle/naive-model.ts'
import { documentLine, eventLine, type Everything } from '../oracle/text.ts'

export type { Everything }

const PAGE = 7

/** Reads everything through the public reads, page by page. */
export async function readEverything(
  history: HistoryPorts & { readonly views: Views },
  view: View,
): Promise<Everything> {
  const documents: string[] = []
  for (const spec of catalogue.documents) documents.push(...(await readKind(history, view, spec)))
  const events: string[] = []
  for (const family of catalogue.families) {
    let after: { number: number; logIndex: number } | undefined
    for (;;) {
      const page = await listEvents(history, view, family, { limit: PAGE, ...(after && { after }) })
      events.push(...page.map(eventLine))
      const last = page.at(-1)
      if (!last) break
      after = { number: last.block.number, logIndex: last.logIndex }
    }
  }
  return { documents: documents.toSorted(), events: events.toSorted() }
}

async function readKind(
  history: HistoryPorts & { readonly views: Views },
  view: View,
  spec: DocumentSpec,
): Promise<string[]> {
  const lines: string[] = []
  let after: readonly (string | number | bigint)[] | undefined
  for (;;) {
    const page = await scanDocuments(history, view, spec, {
      order: 'identity',
      prefix: [],
      limit: PAGE,
      ...(after && { after }),
    })
    lines.push(...page.map((value) => documentLine(spec.kind, value)))
    const last = page.at(-1)
    if (!last) return lines
    after = keyOf(spec, last)
  }
}

/** What a reader must see after these blocks, told by a model that shares no code with the product. */
export const modelOf = (blocks: readonly FakeBlock[]): Everything =>
  naiveModel(blocks.map(actedOf), fakeSources).text()

export const digestAt = (view: View | undefined): Hash | undefined =>
  view && combineDigest(sha256, view.head.digest)
