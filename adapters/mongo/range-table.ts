import type { Db, Filter } from 'mongodb'
import type { LeaseTable, RangeTable, WorkRange } from '#core/indexing/ranges/ports.ts'
import { batchesOf } from './batches.ts'
import { CONCERNS } from './concerns.ts'
import { isDuplicate } from './errors.ts'
import { insertBatch } from './insert.ts'
import { toldOfRaw as told } from './raw-database.ts'

/** `plan:from`; `until` 0 where nothing was tried. */
type RangeDocument = {
  readonly _id: string
  readonly plan: string
  readonly from: number
  readonly to: number
  readonly state: WorkRange['state']
  readonly owner: string | null
  readonly until: number
  readonly tries: number
  readonly reason: string | null
}

/** `_id` is the name. */
type LeaseDocument = { readonly _id: string; readonly owner: string; readonly until: number }

const BATCH = 1_000

/** Ranges that are being collected. Each step is one write of one document. */
export function createMongoRangeTable(db: Db): RangeTable {
  const ranges = db.collection<RangeDocument>('workRanges', CONCERNS)
  const idOf = (plan: string, from: number): string => `${plan}:${from}`
  const held = (plan: string, from: number, owner: string): Filter<RangeDocument> => ({
    _id: idOf(plan, from),
    state: 'held',
    owner,
  })

  return {
    plan: (plan, wanted) =>
      told(async () => {
        for (const batch of batchesOf(wanted, BATCH))
          await insertBatch(
            ranges,
            batch.map(({ from, to }): RangeDocument => ({
              _id: idOf(plan, from),
              plan,
              from,
              to,
              state: 'open',
              owner: null,
              until: 0,
              tries: 0,
              reason: null,
            })),
          )
      }),
    claim: (plan, { owner, now, leaseMs }, from) =>
      told(async () => {
        const found = await ranges.findOneAndUpdate(
          {
            plan,
            state: { $in: ['open', 'held'] },
            until: { $lte: now },
            ...(from !== undefined && { _id: idOf(plan, from) }),
          },
          { $set: { state: 'held', owner, until: now + leaseMs }, $inc: { tries: 1 } },
          { sort: { from: 1 }, returnDocument: 'after' },
        )
        return found ? rangeOf(found) : undefined
      }),
    renew: (plan, from, { owner, now, leaseMs }) =>
      told(async () => {
        const { matchedCount } = await ranges.updateOne(held(plan, from, owner), {
          $set: { until: now + leaseMs },
        })
        return matchedCount > 0
      }),
    finish: (plan, from, owner) =>
      told(
        async () =>
          void (await ranges.updateOne(
            { _id: idOf(plan, from) },
            { $set: { state: 'done', owner, reason: null } },
          )),
      ),
    fail: (plan, from, { owner, reason, retryAt }) =>
      told(
        async () =>
          void (await ranges.updateOne(held(plan, from, owner), {
            $set: { state: retryAt === null ? 'failed' : 'open', until: retryAt ?? 0, reason },
          })),
      ),
    list: (plan, { state, from = 0, limit = 0 } = {}) =>
      told(async () => {
        const found = await ranges
          .find(
            { plan, from: { $gte: from }, ...(state && { state }) },
            { sort: { from: 1 }, limit },
          )
          .toArray()
        return found.map(rangeOf)
      }),
    reopen: (plan) =>
      told(async () => {
        const { modifiedCount } = await ranges.updateMany(
          { plan, $or: [{ state: 'failed' }, { state: 'open', until: { $gt: 0 } }] },
          { $set: { state: 'open', until: 0, tries: 0 } },
        )
        return modifiedCount
      }),
    forget: (plan, upTo) =>
      told(async () => void (await ranges.deleteMany({ plan, to: { $lte: upTo } }))),
    plans: () => told(async () => (await ranges.distinct('plan')).toSorted()),
  }
}

/** Rights that one process at a time has. */
export function createMongoLeaseTable(db: Db): LeaseTable {
  const leases = db.collection<LeaseDocument>('leases', CONCERNS)
  return {
    take: (name, { owner, now, leaseMs }) =>
      told(async () => {
        const until = now + leaseMs
        try {
          const { matchedCount, upsertedCount } = await leases.updateOne(
            { _id: name, $or: [{ owner }, { until: { $lte: now } }] },
            { $set: { owner, until } },
            { upsert: true },
          )
          if (matchedCount + upsertedCount > 0) return { owner, until }
        } catch (error) {
          // Another has it: there is no second document of that name.
          if (!isDuplicate(error)) throw error
        }
        const other = await leases.findOne({ _id: name })
        return other ? { owner: other.owner, until: other.until } : { owner: '', until: 0 }
      }),
    release: (name, owner) => told(async () => void (await leases.deleteOne({ _id: name, owner }))),
  }
}

const rangeOf = ({ from, to, state, owner, until, tries, reason }: RangeDocument): WorkRange => ({
  from,
  to,
  state,
  owner,
  until: until || null,
  tries,
  reason,
})
