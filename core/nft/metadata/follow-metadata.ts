import { type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import type { Cancel, Clock } from '#core/clock.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import { hasReason } from '#core/errors.ts'
import type { FeedCursor, FeedItem, HistoryFeed } from '#core/history/feed.ts'
import { tokensOf, type Transfer, transferFamily } from '#core/nft/transfer.ts'
import { lookUpMetadata, type LookUpPorts } from './look-up-metadata.ts'
import type { MetadataState, WantedToken } from './metadata.ts'
import type { MetadataStore, TokenUriReader } from './ports.ts'
import { metadataFamily, type MetadataUpdate } from './update.ts'

export type FollowMetadataPorts = LookUpPorts & {
  readonly metadata: MetadataStore
  readonly uris: TokenUriReader
  readonly feed: HistoryFeed
  readonly clock: Pick<Clock, 'nowMs'>
}

/** What a round came to. */
export type MetadataRound = {
  /** Tokens whose newest try came to something. */
  readonly tried: number
  readonly fetched: number
  /** What each of them came to. */
  readonly states: readonly MetadataState[]
  /** Whether the next round has something to do at once. */
  readonly hasMore: boolean
  /** Why nothing is fetched now; null where something may be. */
  readonly waitsFor: string | null
}

/** Events of one round. */
const EVENTS_MAX = 1_000
/** Tokens that one call of the store takes. */
const WANTED_MAX = 1_000
/** Tokens of one round. */
const TOKENS_MAX = 64
/** Documents that are waited for at a time; how many requests are under way is the fetcher's business. */
const AT_ONCE = 32
/** Nodes keep the states of the newest 128 blocks. */
const BLOCKS_BEHIND_MAX = 100

/**
 * Keeps what tokens say of themselves. One round reads on in the feed, notes which tokens are new, minted, burnt or said
 * to have changed, and then tries some of those that are due. Their contracts are asked as of the block that the feed has
 * told up to: only of that one it tells where it leaves the chain.
 *
 * @throws AppError `unavailable` where a store or every node cannot be used
 */
export async function followMetadata(
  ports: FollowMetadataPorts,
  chainId: number,
  cancel: Cancel,
): Promise<MetadataRound> {
  const cursor = await readOn(ports, chainId)
  // Reading on is quick, and what comes may be changed by what is still to be read.
  const hasMore = cursor === 'more'
  const idle: MetadataRound = { tried: 0, fetched: 0, states: [], hasMore, waitsFor: null }
  if (!cursor || cursor === 'more') return idle
  const due = await ports.metadata.due(chainId, ports.clock.nowMs(), TOKENS_MAX)
  if (due.length === 0 || cancel.aborted) return idle
  const { number, hash } = cursor
  const height = await ports.uris.height()
  if (height - number > BLOCKS_BEHIND_MAX)
    return {
      ...idle,
      waitsFor: `the index is at block ${number} and the chain at ${height}; contracts are asked when it has caught up`,
    }
  const block: BlockRef = { number, hash }
  const told = await ports.uris.read(block, due)
  const tried = await mapConcurrent([...due.entries()], AT_ONCE, async ([index, metadata]) => {
    const uri = told[index]
    if (!uri || cancel.aborted) return undefined
    const found = await lookUpMetadata(ports, metadata, uri, block, ports.clock.nowMs())
    // Where an event came meanwhile it stays due, and what was read before the event is not kept.
    return (await ports.metadata.put(chainId, found)) ? found : undefined
  })
  const states = tried.flatMap((each) => each?.state ?? [])
  return {
    tried: states.length,
    fetched: states.filter((state) => state === 'fetched').length,
    states,
    hasMore: due.length === TOKENS_MAX,
    waitsFor: null,
  }
}

type Item = FeedItem<Transfer | MetadataUpdate>

/** Notes what the feed tells of. @returns where it has told all up to; `more` where it has more to tell, undefined where nothing yet */
async function readOn(
  ports: FollowMetadataPorts,
  chainId: number,
): Promise<FeedCursor | 'more' | undefined> {
  const { metadata, feed, clock } = ports
  const query = { families: [transferFamily, metadataFamily], limit: EVENTS_MAX }
  const cursor = await metadata.cursor(chainId)
  const items: Item[] = await feed
    .read<Transfer | MetadataUpdate>(cursor, query)
    .catch(async (error: unknown) => {
      if (!hasReason(error, 'other-branch') || !cursor) throw error
      // The history was begun anew: all of it is read again, and what is known stays.
      return feed.read<Transfer | MetadataUpdate>(undefined, query)
    })
  const nowMs = clock.nowMs()
  for (const item of items)
    // oxlint-disable-next-line no-await-in-loop -- in the order of the chain
    await noteItem(metadata, chainId, item, nowMs)
  const last = items.at(-1)
  if (last) await metadata.putCursor(chainId, last.cursor)
  const events = items.map((item) => (item.type === 'appended' ? item.events.length : 0))
  const at = last?.cursor ?? cursor
  const isMore = events.reduce((sum, count) => sum + count, 0) >= EVENTS_MAX
  return isMore || (at && at.logIndex !== null) ? 'more' : at
}

async function noteItem(
  metadata: MetadataStore,
  chainId: number,
  item: Item,
  nowMs: number,
): Promise<void> {
  if (item.type === 'retracted') await metadata.wantReadAbove(chainId, item.to.number, nowMs)
  if (item.type !== 'appended') return
  const seen: WantedToken[] = []
  const changed: WantedToken[] = []
  const ranges: (MetadataUpdate & Pick<WantedToken, 'collection'>)[] = []
  for (const { address: collection, body } of item.events) {
    const { protocol: standard } = body
    if (body.type === 'metadataUpdate') {
      const { fromTokenId: tokenId, toTokenId } = body
      if (tokenId === toTokenId) changed.push({ collection, tokenId, standard })
      else ranges.push({ ...body, collection })
      continue
    }
    // What is minted or burnt says something else from then on; so do some contracts of what is revealed.
    const isChange = body.from === ZERO_ADDRESS || body.to === ZERO_ADDRESS
    for (const { tokenId } of tokensOf(body))
      (isChange ? changed : seen).push({ collection, tokenId, standard })
  }
  for (const [tokens, isChange] of [
    [seen, false],
    [changed, true],
  ] as const)
    for (let from = 0; from < tokens.length; from += WANTED_MAX)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await metadata.want(chainId, tokens.slice(from, from + WANTED_MAX), nowMs, isChange)
  for (const { collection, fromTokenId, toTokenId } of ranges)
    // oxlint-disable-next-line no-await-in-loop -- behind the tokens of the same block, which it may speak of
    await metadata.wantRange(chainId, collection, { from: fromTokenId, to: toTokenId }, nowMs)
}
