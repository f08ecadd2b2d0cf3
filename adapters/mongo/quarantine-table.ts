import type { QuarantineTable } from '#core/indexing/ports.ts'
import { type Collections, QUARANTINE_ORDER } from './collections.ts'
import { rangeFilter } from './tuple-range.ts'

export const createMongoQuarantineTable = ({
  quarantine,
}: Pick<Collections, 'quarantine'>): QuarantineTable => ({
  async list(chainId, { after, limit }) {
    const filter = rangeFilter({ chainId }, QUARANTINE_ORDER, {
      after: after && [after.number, after.logIndex, ...(after.commit ? [after.commit] : [])],
    })
    if (!filter) return []
    const sort = Object.fromEntries(QUARANTINE_ORDER.map((field) => [field, 1] as const))
    const stored = await quarantine
      .find(filter, { sort, limit, hint: 'byPlace', batchSize: limit })
      .toArray()
    return stored.map(({ block, log, reason, commit }) => ({
      place: { number: block.number, logIndex: log.logIndex },
      value: { block, log, reason },
      commit,
      branch: commit,
    }))
  },
})
