import type { Hash } from '#core/chain.ts'
import { combineDigest } from '#core/history/digest.ts'
import {
  type DocumentKind,
  documentKinds,
  encodeDocument,
  keyOf,
  keyText,
  orderKey,
} from '#core/history/document.ts'
import { encodeEventBody, type EventFamily, kindOf } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import { decodeBlocks } from '#core/indexing/decode-blocks.ts'
import { createFold, type FoldState } from '#core/indexing/fold.ts'
import type { PoolSource } from '#core/indexing/source.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { type FakeBlock, fakeSources, provenOf } from '../fakes/fake-chain.ts'

/** All that a reader can see at one head, as text. */
export type Everything = { readonly documents: string[]; readonly events: string[] }

const families: readonly EventFamily[] = ['swap', 'liquidity', 'pool', 'transfer']
const PAGE = 7

/** Reads everything through the public reads, page by page. */
export async function readEverything(
  history: HistoryPorts & { readonly views: Views },
  view: View,
): Promise<Everything> {
  const documents: string[] = []
  for (const kind of documentKinds) documents.push(...(await readKind(history, view, kind)))
  const events: string[] = []
  for (const family of families) {
    let after: { number: number; logIndex: number } | undefined
    for (;;) {
      const page = await listEvents(history, view, { family, limit: PAGE, ...(after && { after }) })
      for (const { block, logIndex, transactionHash, address, body } of page)
        events.push(
          `${block.number} ${block.hash} ${block.timestamp} ${logIndex} ${transactionHash} ${address} ` +
            `${kindOf(body)} ${encodeEventBody(body)}`,
        )
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
  kind: DocumentKind,
): Promise<string[]> {
  const lines: string[] = []
  let after: readonly (string | number | bigint)[] | undefined
  for (;;) {
    const page = await scanDocuments(history, view, {
      kind,
      order: 'identity',
      prefix: [],
      limit: PAGE,
      ...(after && { after }),
    })
    for (const value of page)
      lines.push(`${keyText(kind, keyOf(kind, value))} ${encodeDocument(kind, value)}`)
    const last = page.at(-1)
    if (!last) return lines
    after = orderKey(kind, 'identity', last)
  }
}

/** What a reader must see after these blocks: every event folded from the beginning, with no store at all. */
export function modelOf(blocks: readonly FakeBlock[]): Everything {
  const admission = createAdmission(fakeSources)
  const decoded = decodeBlocks(admission, blocks.map(provenOf))
  const slots = new Map<string, { kind: DocumentKind; value: unknown; changedAt: unknown }>()
  const state: FoldState = {
    slot(kind, key) {
      const text = keyText(kind, key)
      const slot = slots.get(text) ?? { kind, value: undefined, changedAt: undefined }
      slots.set(text, slot)
      return slot as ReturnType<FoldState['slot']> as never
    },
  }
  const listed = new Map(
    fakeSources
      .filter((source): source is PoolSource => source.kind === 'pool')
      .map((source) => [source.address, source]),
  )
  const fold = createFold(state, listed)
  const events = decoded.events.flatMap((block) => block.events)
  for (const event of events) fold.apply(event)
  fold.finish()
  return {
    documents: [...slots]
      .filter(([, slot]) => slot.value !== undefined)
      .map(([text, slot]) => `${text} ${encodeDocument(slot.kind, slot.value as never)}`)
      .toSorted(),
    events: events
      .map(
        ({ block, logIndex, transactionHash, address, body }) =>
          `${block.number} ${block.hash} ${block.timestamp} ${logIndex} ${transactionHash} ${address} ` +
          `${kindOf(body)} ${encodeEventBody(body)}`,
      )
      .toSorted(),
  }
}

export const digestAt = (view: View | undefined): Hash | undefined =>
  view && combineDigest(sha256, view.head.digest)
