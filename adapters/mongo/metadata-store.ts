import type { Address } from '#core/chain.ts'
import {
  type MetadataState,
  newMetadata,
  type TokenMetadata,
  traitTypesOf,
} from '#core/nft/metadata/metadata.ts'
import type { MetadataStore, TokenKey } from '#core/nft/metadata/ports.ts'
import {
  bodyOf,
  countedStates,
  type MetadataBody,
  tokenText,
  TRAIT_TYPES_MAX,
} from '#core/nft/metadata/stored.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo } from './connection.ts'
import { toldAs } from './errors.ts'
import { insertBatch } from './insert.ts'
import { feedCursors } from './feed-cursors.ts'
import { createLastingDatabase } from './lasting-database.ts'

const told = toldAs('records')

type MetadataDocument = MetadataBody & {
  readonly _id: string
  readonly chainId: number
  readonly collection: Address
  readonly token: string
  readonly version: number
  readonly state: MetadataState
  readonly isStale: boolean
  readonly failures: number
  readonly dueAtMs: number | null
  readonly readAt: number | null
}
type TraitDocument = {
  readonly _id: string
  readonly chainId: number
  readonly collection: Address
  readonly trait: string
}

/** What an event does to a document that is there. */
const touch = (nowMs: number) => ({
  $inc: { version: 1 },
  $set: { isStale: true, failures: 0, dueAtMs: nowMs },
})

/**
 * Metadata of tokens in a MongoDB database of records. Each call changes documents one by one, acknowledged by a majority;
 * one that is made again does no harm.
 *
 * @param url of records that have been migrated
 * @throws AppError `invalid` when the URL cannot be used
 */
export function openMongoMetadataStore(url: string): MetadataStore {
  const { db, close } = createLastingDatabase(() => connectionTo(url, 'records'))
  const tokens = db.collection<MetadataDocument>('nftMetadata', CONCERNS)
  const traits = db.collection<TraitDocument>('nftTraitTypes', CONCERNS)

  return {
    read: (chainId, keys) =>
      told(async () => {
        const ids = keys.map((key) => idOf(chainId, key))
        const found = await tokens.find({ _id: { $in: ids } }).toArray()
        const byId = new Map(
          found.map((each) => [idOf(chainId, metadataOf(each)), metadataOf(each)]),
        )
        return ids.map((id) => byId.get(id))
      }),
    traitTypes: (chainId, collection) =>
      told(async () => {
        const found = await traits
          .find({ chainId, collection })
          .sort({ trait: 1 })
          .limit(TRAIT_TYPES_MAX)
          .toArray()
        return found.map(({ trait }) => trait)
      }),
    states: (chainId, collection) =>
      told(async () => {
        const found = await tokens
          .aggregate<{ readonly _id: MetadataState; readonly count: number }>([
            { $match: { chainId, collection } },
            { $group: { _id: '$state', count: { $sum: 1 } } },
          ])
          .toArray()
        return countedStates(found.map(({ _id: state, count }) => ({ state, count })))
      }),
    want: (chainId, wanted, nowMs, isChange) =>
      told(async () => {
        const documents = new Map(
          wanted
            .map((token) => documentOf(chainId, newMetadata(token, nowMs)))
            .map(({ _id, ...document }) => [_id, { _id, ...document }]),
        )
        const fresh = [...documents.values()]
        if (fresh.length === 0) return
        const known = await insertBatch(tokens, fresh)
        const ids = known.map((place) => [...documents.keys()][place] as string)
        if (isChange && ids.length > 0) await tokens.updateMany({ _id: { $in: ids } }, touch(nowMs))
      }),
    wantRange: (chainId, collection, { from, to }, nowMs) =>
      told(async () => {
        const token = { $gte: tokenText(from), $lte: tokenText(to) }
        await tokens.updateMany({ chainId, collection, token }, touch(nowMs))
      }),
    wantReadAbove: (chainId, number, nowMs) =>
      told(async () => {
        await tokens.updateMany({ chainId, readAt: { $gt: number } }, touch(nowMs))
      }),
    due: (chainId, nowMs, limit) =>
      told(async () => {
        const found = await tokens
          .find({ chainId, dueAtMs: { $lte: nowMs } })
          .sort({ dueAtMs: 1 })
          .limit(limit)
          .toArray()
        return found.map(metadataOf)
      }),
    put: (chainId, metadata) =>
      told(async () => {
        const { _id, ...document } = documentOf(chainId, metadata)
        const { collection, version } = metadata
        const before = { _id, version: version - 1 }
        const named = traitTypesOf(metadata).map((trait) => ({
          _id: `${chainId} ${collection} ${trait}`,
          chainId,
          collection,
          trait,
        }))
        const { matchedCount } = await tokens.replaceOne(before, document)
        if (matchedCount === 0) return false
        if (named.length > 0) await insertBatch(traits, named)
        return true
      }),
    ...feedCursors(db, 'nftMetadataCursors'),
    close,
  }
}

const idOf = (chainId: number, { collection, tokenId }: TokenKey): string =>
  `${chainId} ${collection} ${tokenText(tokenId)}`

const documentOf = (chainId: number, metadata: TokenMetadata): MetadataDocument => {
  const { collection, tokenId, version, state, isStale, failures, dueAtMs } = metadata
  return {
    _id: idOf(chainId, metadata),
    chainId,
    collection,
    token: tokenText(tokenId),
    version,
    state,
    isStale,
    failures,
    dueAtMs,
    readAt: metadata.block?.number ?? null,
    ...bodyOf(metadata),
  }
}

const metadataOf = ({
  _id,
  chainId: _chainId,
  token,
  readAt: _readAt,
  ...rest
}: MetadataDocument): TokenMetadata => ({ ...rest, tokenId: BigInt(`0x${token}`) })
