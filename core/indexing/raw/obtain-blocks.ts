import type { BlockRange, BlockRef, Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { type ProofLevel, weakerOf } from '#core/history/proof.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import type { Demand } from '#core/indexing/proof-policy.ts'
import { gapsIn, type KeptPart, partsOf } from './kept-parts.ts'
import { type LogScope, logsInScope, scopeText } from './log-scope.ts'
import type { RawStore, SegmentPacking } from './ports.ts'
import { decodeSegment, encodeSegment, type RawBlock, type SegmentHead } from './segment.ts'

/** The raw layer: where segments are, and how they are made small. */
export type RawLayer = { readonly store: RawStore; readonly packing: SegmentPacking }

/** Proven blocks of a range with the logs that a scope asks for; others may be among them. */
type FetchBlocks = (range: BlockRange, scope: LogScope) => Promise<readonly RawBlock[]>

export type ObtainPorts = {
  readonly raw: RawLayer | undefined
  /** Blocks as the chain's nodes give them. */
  readonly fetch: FetchBlocks
  /** @throws AppError `unavailable` where the block is not below the one that is final */
  readonly confirmFinal: (last: BlockRef) => Promise<void>
}

/** Gives all blocks of a range, with all their logs of a scope. */
export type ObtainBlocks = (range: BlockRange, scope: LogScope) => Promise<readonly RawBlock[]>

/**
 * Blocks from the raw layer where they are kept, and from the chain's nodes where they are not. Of what nodes give,
 * final blocks are kept: another run, another process or another projection need not ask for them again.
 *
 * @param finalized blocks above it are neither looked for nor kept, since a reorganisation may take them back
 * @param demand what is kept of a block and was asked to have a weaker level is asked for again
 */
export function createObtainBlocks(
  { raw, fetch, confirmFinal }: ObtainPorts,
  chainId: number,
  finalized: number,
  demand: Demand,
): ObtainBlocks {
  const fetched = async (range: BlockRange, scope: LogScope): Promise<readonly RawBlock[]> =>
    (await fetch(range, scope)).map(({ header, logs, level }) => ({
      header,
      level,
      logs: logsInScope(scope, logs),
    }))

  async function final(layer: RawLayer, range: BlockRange, scope: LogScope) {
    const heads = await layer.store.list(chainId, range)
    const parts = partsOf(range, scope, heads, demand)
    const [kept, added] = await Promise.all([
      readParts(layer, chainId, parts),
      Promise.all(
        gapsIn(parts).map(async (gap) => {
          const blocks = await fetched(gap.range, gap.scope)
          await confirmFinal((blocks.at(-1) as RawBlock).header)
          await keepSegment(layer, chainId, gap.scope, blocks, demand(gap.range.from))
          return blocks
        }),
      ),
    ])
    return mergeBlocks(range, [...kept, ...added])
  }

  return async (range, scope) => {
    if (!raw || range.from > finalized) return fetched(range, scope)
    if (range.to <= finalized) return final(raw, range, scope)
    const parts = await Promise.all([
      final(raw, { from: range.from, to: finalized }, scope),
      fetched({ from: finalized + 1, to: range.to }, scope),
    ])
    return parts.flat()
  }
}

/**
 * @param blocks consecutive and final, with all their logs of the scope
 * @param levelAsked the weakest level that any of them was asked to have
 */
export async function keepSegment(
  { store, packing }: RawLayer,
  chainId: number,
  scope: LogScope,
  blocks: readonly RawBlock[],
  levelAsked: ProofLevel,
): Promise<void> {
  const first = (blocks[0] as RawBlock).header
  const last = (blocks.at(-1) as RawBlock).header
  const head: SegmentHead = {
    from: first.number,
    to: last.number,
    lastHash: last.hash,
    scope: scopeText(scope),
    logs: blocks.reduce((sum, { logs }) => sum + logs.length, 0),
    levelAsked,
  }
  await store.put(chainId, head, await packing.pack(encodeSegment(blocks)))
}

export const readSegment = async (
  { store, packing }: RawLayer,
  chainId: number,
  head: SegmentHead,
): Promise<RawBlock[]> => decodeSegment(await packing.unpack(await store.body(chainId, head)))

/** What segments are to give of the parts of a range, each of them read once. */
async function readParts(
  layer: RawLayer,
  chainId: number,
  parts: readonly KeptPart[],
): Promise<(readonly RawBlock[])[]> {
  const bodies = new Map<SegmentHead, Promise<RawBlock[]>>()
  for (const { picks } of parts)
    for (const { head } of picks)
      if (!bodies.has(head)) bodies.set(head, readSegment(layer, chainId, head))
  await Promise.all(bodies.values())
  const lists = parts.flatMap(({ range, picks, missing }) => {
    const isAlone = picks.length === 1 && missing === undefined
    return picks.map(async ({ head, scope }) => {
      const body = (await bodies.get(head)) as RawBlock[]
      const blocks = body.slice(range.from - head.from, range.to - head.from + 1)
      if (isAlone) return blocks
      // What another one gives better is left out here.
      return blocks.map((block) => ({ ...block, logs: logsInScope(scope, block.logs) }))
    })
  })
  return Promise.all(lists)
}

/**
 * The blocks of a range, with the logs that any of these lists has; each is proven as well as the weakest of what is
 * merged.
 *
 * @throws AppError `unavailable` where two of them have different blocks of one number, or logs of two transactions at one
 *   place
 */
export function mergeBlocks(
  range: BlockRange,
  lists: readonly (readonly RawBlock[])[],
): readonly RawBlock[] {
  const [only] = lists
  const count = range.to - range.from + 1
  if (only && lists.length === 1 && only.length === count) return only
  const blocks: (RawBlock | undefined)[] = Array.from({ length: count })
  for (const list of lists)
    for (const block of list) {
      const place = block.header.number - range.from
      if (place < 0 || place >= count) continue
      const other = blocks[place]
      if (other && other.header.hash !== block.header.hash) throw differ(block, other.header.hash)
      blocks[place] = other
        ? {
            header: other.header,
            logs: mergeLogs(other.logs, block.logs),
            level: weakerOf(other.level, block.level),
          }
        : block
    }
  return blocks as RawBlock[]
}

function mergeLogs(some: readonly RawLog[], more: readonly RawLog[]): readonly RawLog[] {
  if (more.length === 0) return some
  if (some.length === 0) return more
  const byIndex = new Map(some.map((log) => [log.logIndex, log]))
  for (const log of more) {
    const other = byIndex.get(log.logIndex)
    if (other && other.transactionHash !== log.transactionHash) throw inOnePlace(log, other)
    byIndex.set(log.logIndex, log)
  }
  return [...byIndex.values()].toSorted((a, b) => a.logIndex - b.logIndex)
}

const inOnePlace = ({ blockNumber, logIndex, transactionHash }: RawLog, other: RawLog): AppError =>
  new AppError(
    'unavailable',
    `raw: block ${blockNumber} has two logs ${logIndex}, of transactions ${other.transactionHash} and ` +
      `${transactionHash}, in two answers: an endpoint of chain.rpc counts logs in each transaction anew, and one answer ` +
      'alone may not show it; name the chain in chain.profile if its roots commit to receipts, else another endpoint, ' +
      'and remove the raw segments of that block',
    { details: { field: 'raw', reason: 'unproven', block: blockNumber } },
  )

const differ = ({ header }: RawBlock, other: Hash): AppError =>
  new AppError(
    'unavailable',
    `raw: block ${header.number} is kept as ${header.hash} and as ${other}, though both were called final: the ` +
      'endpoints of chain.rpc were of several branches; remove the raw segments of that block and run it again',
    { details: { field: 'raw', reason: 'other-branch', block: header.number } },
  )
