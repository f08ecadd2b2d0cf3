import {
  type BlockHeader,
  type BlockRange,
  countBlocks,
  type Hash,
  mergeRanges,
} from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { storedBlockAt } from '#core/history/block-at.ts'
import type { EventFamily } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import type { CollectSetting } from '#core/indexing/collect.ts'
import { decodeBlocks } from '#core/indexing/decode-blocks.ts'
import type { FetchPorts } from '#core/indexing/fetch-proven.ts'
import { createFoundContracts } from '#core/indexing/found-contracts.ts'
import { readChunks, readingOf } from '#core/indexing/read-chunks.ts'
import type { AnySource } from '#core/indexing/source.ts'
import { type Difference, differencesIn } from '#core/indexing/row-differences.ts'
import { readableBlocks, type StoredPorts } from '#core/indexing/stored-blocks.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'

export type ComparePorts = StoredPorts &
  ResolvePorts & { readonly catalogue: Catalogue; readonly reading: FetchPorts }

export type Comparison = {
  readonly blocks: number
  readonly added: number
  readonly removed: number
  readonly changed: number
  /** Blocks that were never indexed: all that they have is added. */
  readonly uncovered: number
  /** Blocks of which a row cannot be read, so that none is compared. */
  readonly damaged: number
  /** Blocks in whose place the chain has others, of the branch that it has gone on with. */
  readonly replaced: number
  /** The first of them, in chain order. */
  readonly differences: readonly Difference[]
  /** The blocks that differ, and those that were never indexed. */
  readonly ranges: readonly BlockRange[]
  readonly families: readonly EventFamily[]
  /** Contracts came or went, so that all blocks behind differ too, though their rows were not compared. */
  readonly isOfContracts: boolean
}

export type CompareProgress = {
  readonly done: number
  readonly total: number
  readonly number: number
  readonly differences: number
}

/** Differences that are told one by one. */
const TOLD_MAX = 1_000
/** A head names so many ranges at most; of more, what lies between is made anew too. */
const RANGES_MAX = 64

/**
 * Reads blocks of the chain again, proven by their receipts, and compares what is stored of them.
 *
 * @param range final blocks; those that were never indexed are compared with nothing
 * @param setting.isNewBranch whether the chain may have other blocks than those that are stored
 * @returns generator of progress; its value is what differs
 * @throws AppError `invalid` for blocks that are not final, `unavailable` where the chain has another block than the one
 *   that is stored
 */
export async function* compareRows(
  ports: ComparePorts,
  view: View,
  range: BlockRange,
  setting: CollectSetting & { readonly isNewBranch?: boolean },
  cancel: Cancel,
): AsyncGenerator<CompareProgress, Comparison> {
  refuseOpen(view, range)
  const { source } = ports.reading
  const admission = createAdmission(ports.catalogue, setting.sources)
  const found = createFoundContracts(ports, setting.sources, admission)
  await found.readFrom(view)
  // Those that the range brings in are as the chain has them.
  found.forgetAbove(range.from - 1)
  const { finalized } = await source.head()
  const proving = { ...setting, proof: 'auto' as const }
  const reading = readingOf({ ...ports.reading, raw: undefined }, proving, admission, finalized)
  const creating = creatingKinds(ports.catalogue, setting.sources)
  const sum = { blocks: 0, added: 0, removed: 0, changed: 0, uncovered: 0, damaged: 0, replaced: 0 }
  const differences: Difference[] = []
  const families = new Set<EventFamily>()
  let ranges: BlockRange[] = []
  let isOfContracts = false
  for await (const blocks of readChunks(reading, [range])) {
    if (cancel.aborted) break
    const fresh = await decodeBlocks(admission, blocks)
    const chunk = { from: blocks[0]?.header.number ?? 0, to: blocks.at(-1)?.header.number ?? 0 }
    const stored = await readableBlocks(ports, view, chunk)
    const [first] = fresh.blocks
    if (first?.number === range.from) await refuseOtherParent(ports, view, first)
    for (const { block, rows } of fresh.events) {
      const known = stored.get(block.number)
      if (known && known.hash !== block.hash) {
        if (!setting.isNewBranch) throw otherBlock(block, known.hash)
        sum.replaced++
        ranges.push({ from: block.number, to: block.number })
        for (const family of ports.catalogue.families) families.add(family)
        isOfContracts = true
        continue
      }
      if (!known) sum.uncovered++
      if (known?.rows === rows) continue
      ranges.push({ from: block.number, to: block.number })
      if (known?.rows === null) {
        sum.damaged++
        for (const family of ports.catalogue.families) families.add(family)
        continue
      }
      for (const each of differencesIn(block.number, known?.rows ?? '', rows)) {
        sum[each.what]++
        if (differences.length < TOLD_MAX) differences.push(each)
        for (const row of [each.stored, each.chain]) {
          if (!row || row.body === null) continue
          families.add(ports.catalogue.familyOf(ports.catalogue.event(row.kind)))
          isOfContracts ||= creating.has(row.kind)
        }
      }
    }
    ranges = mergeRanges(ranges)
    sum.blocks += blocks.length
    const { added, removed, changed, damaged, replaced } = sum
    yield {
      done: sum.blocks,
      total: countBlocks([range]),
      number: chunk.to,
      differences: added + removed + changed + damaged + replaced,
    }
  }
  return { ...sum, differences, ranges: fewOf(ranges), families: [...families], isOfContracts }
}

function refuseOpen({ floor }: View, { from, to }: BlockRange): void {
  if (from > to) throw invalidField('--from', `it is above --to, ${to}`, { block: from })
  if (to > floor.number)
    throw invalidField(
      '--to',
      `block ${to} is not final and settled in this history, which is so up to block ${floor.number}; what is above it ` +
        'is proven again as it becomes final',
      { block: to },
    )
}

const otherBlock = (
  block: { readonly number: number; readonly hash: Hash },
  stored: Hash,
): AppError =>
  new AppError(
    'unavailable',
    `block ${block.number} of the chain is ${block.hash}, and ${stored} is stored, which was final: chain.rpc serves ` +
      'another chain, or this one has gone on with another branch; where you are sure of that, add --new-branch',
    { details: { field: 'chain.rpc', reason: 'other-branch', block: block.number } },
  )

/** @throws AppError `invalid` where the block in front of these is of another branch as well */
async function refuseOtherParent(
  { heads }: ComparePorts,
  view: View,
  { number, parentHash }: BlockHeader,
): Promise<void> {
  const before = await storedBlockAt(heads, view, number - 1)
  if (before && before.hash !== parentHash)
    throw invalidField(
      '--from',
      `block ${number} of the chain follows ${parentHash}, and block ${number - 1} is stored as ${before.hash}: the chain ` +
        'left that branch further down; name a lower block',
      { block: number },
    )
}

/** One stretch where there are too many. */
const fewOf = (ranges: readonly BlockRange[]): readonly BlockRange[] => {
  const [first, last] = [ranges[0], ranges.at(-1)]
  return first && last && ranges.length > RANGES_MAX ? [{ from: first.from, to: last.to }] : ranges
}

/** The kinds of events that bring contracts into being. */
function creatingKinds(catalogue: Catalogue, sources: readonly AnySource[]): ReadonlySet<string> {
  const roles = sources.flatMap(
    (source) => catalogue.sources.get(source.kind)?.contractOf(source).role ?? [],
  )
  return new Set(
    roles.flatMap(({ decoders, childOf }) =>
      [...decoders.values()].flatMap(({ spec, beginsSubject }) =>
        childOf || beginsSubject ? [spec.kind] : [],
      ),
    ),
  )
}
