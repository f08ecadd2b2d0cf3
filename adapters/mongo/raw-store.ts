import { Binary, type Collection, type Db } from 'mongodb'
import type { Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import type { ProofLevel } from '#core/history/proof.ts'
import { SEGMENT_BLOCKS_MAX, type SegmentHead } from '#core/indexing/raw/segment.ts'
import { CONCERNS } from './concerns.ts'
import { insertBatch } from './insert.ts'
import { toldOfRaw as told } from './raw-database.ts'

/** `chain:from:to:hash:scope:level`, the scope by its number below; without a level where nothing is known of it. */
type SegmentDocument = {
  readonly _id: string
  readonly chainId: number
  readonly from: number
  readonly to: number
  readonly lastHash: Hash
  readonly scope: Hash
  readonly logs: number
  /** Versions of Halyard that did not record how blocks were proven wrote none. */
  readonly levelAsked?: ProofLevel
  /** How many documents hold the body. */
  readonly parts: number
}
/** `segment:part` */
type PartDocument = { readonly _id: string; readonly segment: string; readonly bytes: Binary }
/** `_id` is the hash of the text: scopes name hundreds of contracts, and most segments have the same. */
type ScopeDocument = { readonly _id: Hash; readonly text: string }

/** The level of what was kept before levels were. */
const UNRECORDED: ProofLevel = 'unverified'
/** A document has 16 MB at most. */
const PART_BYTES_MAX = 8 * 1024 * 1024

/** A segment is there as soon as its head is, which is inserted after its body. */
export function createMongoRawStore(db: Db, hash: (text: string) => Hash): RawStore {
  const segments = db.collection<SegmentDocument>('rawSegments', CONCERNS)
  const parts = db.collection<PartDocument>('rawParts', CONCERNS)
  const scopes = createScopes(db.collection<ScopeDocument>('rawScopes', CONCERNS), hash)
  const idOf = (
    chainId: number,
    { from, to, lastHash, scope, levelAsked }: SegmentHead,
  ): string => {
    const id = `${chainId}:${from}:${to}:${lastHash}:${hash(scope)}`
    return levelAsked === UNRECORDED ? id : `${id}:${levelAsked}`
  }

  return {
    put: (chainId, head, body) =>
      told(async () => {
        const id = idOf(chainId, head)
        const count = Math.max(1, Math.ceil(body.length / PART_BYTES_MAX))
        const scope = await scopes.idOf(head.scope)
        for (let part = 0; part < count; part++) {
          const bytes = body.subarray(part * PART_BYTES_MAX, (part + 1) * PART_BYTES_MAX)
          await insertBatch(parts, [
            { _id: `${id}:${part}`, segment: id, bytes: new Binary(bytes) },
          ])
        }
        const { from, to, lastHash, logs, levelAsked } = head
        const place = { _id: id, chainId, from, to, lastHash }
        await insertBatch(segments, [{ ...place, scope, logs, levelAsked, parts: count }])
      }),
    list: (chainId, range) =>
      told(async () => {
        const first = range.from - SEGMENT_BLOCKS_MAX + 1
        const found = await segments
          .find(
            { chainId, from: { $gte: first, $lte: range.to }, to: { $gte: range.from } },
            { sort: { chainId: 1, from: 1 }, hint: 'byBlock' },
          )
          .toArray()
        await scopes.load(found.map(({ scope }) => scope))
        return found.map(({ from, to, lastHash, scope, logs, levelAsked = UNRECORDED }) => ({
          from,
          to,
          lastHash,
          scope: scopes.text(scope),
          logs,
          levelAsked,
        }))
      }),
    body: (chainId, head) =>
      told(async () => {
        const id = idOf(chainId, head)
        const segment = await segments.findOne({ _id: id })
        const found = await parts.find({ _id: { $in: partIds(id, segment?.parts ?? 0) } }).toArray()
        if (!segment || found.length < segment.parts) throw removed(head)
        const byId = new Map(found.map(({ _id, bytes }) => [_id, bytes.value()]))
        return Buffer.concat(partIds(id, segment.parts).map((part) => byId.get(part) as Uint8Array))
      }),
    remove: (chainId, head) =>
      told(async () => {
        const id = idOf(chainId, head)
        const segment = await segments.findOneAndDelete({ _id: id })
        await parts.deleteMany({ _id: { $in: partIds(id, segment?.parts ?? 0) } })
      }),
  }
}

const partIds = (id: string, count: number): string[] =>
  Array.from({ length: count }, (_, part) => `${id}:${part}`)

const removed = ({ from, to }: SegmentHead): AppError =>
  new AppError(
    'unavailable',
    `raw: the segment of blocks ${from}-${to} was removed meanwhile; try again`,
    { details: { field: 'raw', from, to } },
  )

/** Scopes by the hash of their texts, those that were seen kept at hand. */
function createScopes(collection: Collection<ScopeDocument>, hash: (text: string) => Hash) {
  const texts = new Map<Hash, string>()
  return {
    /** Stored when this resolves. */
    async idOf(text: string): Promise<Hash> {
      const id = hash(text)
      if (texts.has(id)) return id
      await insertBatch(collection, [{ _id: id, text }])
      texts.set(id, text)
      return id
    },
    async load(ids: readonly Hash[]): Promise<void> {
      const unknown = [...new Set(ids)].filter((id) => !texts.has(id))
      if (unknown.length === 0) return
      const found = await collection.find({ _id: { $in: unknown } }).toArray()
      for (const { _id, text } of found) texts.set(_id, text)
    },
    text(id: Hash): string {
      const text = texts.get(id)
      if (text !== undefined) return text
      throw new AppError(
        'unavailable',
        `raw: the scope ${id} of a segment is missing; restore the database from a backup, or collect the logs again`,
        { details: { field: 'raw', reason: 'damaged' } },
      )
    },
  }
}
