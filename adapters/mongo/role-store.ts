import type { RoleChange, RoleState, RoleStore } from '#core/guild/ports.ts'
import { isOpen, roleKeyText } from '#core/guild/role-state.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo } from './connection.ts'
import { isDuplicate, toldAs } from './errors.ts'
import { feedCursors } from './feed-cursors.ts'
import { createLastingDatabase } from './lasting-database.ts'

const told = toldAs('records')

type StateDocument = RoleState & { readonly _id: string; readonly isOpen: boolean }
type ChangeDocument = Omit<RoleChange, 'id'> & { readonly _id: string }
type AskDocument = { readonly _id: string; readonly atMs: number }

/**
 * Roles of guilds in a MongoDB database of records. Each call changes one document, acknowledged by a majority; only a
 * change that was made is inserted before its state is replaced.
 *
 * @param url of records that have been migrated
 * @throws AppError `invalid` when the URL cannot be used
 */
export function openMongoRoleStore(url: string): RoleStore {
  const { db, close } = createLastingDatabase(() => connectionTo(url, 'records'))
  const states = db.collection<StateDocument>('roleStates', CONCERNS)
  const changes = db.collection<ChangeDocument>('roleChanges', CONCERNS)
  const asks = db.collection<AskDocument>('roleAsks', CONCERNS)

  /** False where it is there already. */
  async function isInserted(step: () => Promise<unknown>): Promise<boolean> {
    try {
      await step()
      return true
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }

  async function put(state: RoleState, change: RoleChange | undefined): Promise<boolean> {
    const key = roleKeyText(state)
    const document: StateDocument = { _id: key, ...state, isOpen: isOpen(state) }
    if (state.version > 1) {
      const before = { _id: key, version: state.version - 1 }
      // Whoever comes late records nothing. Whoever ends behind the record comes again, with the same id.
      if (change && (await states.findOne(before)) === null) return false
      if (change) await insertChange(change)
      const { matchedCount } = await states.replaceOne(before, document)
      return matchedCount === 1
    }
    const isMine = await isInserted(() => states.insertOne(document))
    if (isMine && change) await insertChange(change)
    return isMine
  }

  async function insertChange({ id, ...change }: RoleChange): Promise<void> {
    await isInserted(() => changes.insertOne({ _id: id, ...change }))
  }

  return {
    statesOf: (accounts) =>
      told(async () => {
        const found = await states
          .find({ account: { $in: [...accounts] } })
          .sort({ _id: 1 })
          .toArray()
        return found.map(stateOf)
      }),
    openStates: (chainId, nowMs, after, limit) =>
      told(async () => {
        const found = await states
          .find({
            isOpen: true,
            chainId,
            _id: { $gt: after ? roleKeyText(after) : '' },
            retryAtMs: { $lte: nowMs },
          })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray()
        return found.map(stateOf)
      }),
    accounts: (after, limit) =>
      told(async () => {
        const found = await states
          .aggregate<{ readonly _id: string }>([
            { $match: { account: { $gt: after ?? '' } } },
            { $group: { _id: '$account' } },
            { $sort: { _id: 1 } },
            { $limit: limit },
          ])
          .toArray()
        return found.map(({ _id }) => _id)
      }),
    putState: (state, change) => told(() => put(state, change)),
    changes: ({ account, before, limit }) =>
      told(async () => {
        const found = await changes
          .find({
            ...(account !== undefined && { account }),
            ...(before && {
              $or: [{ atMs: { $lt: before.atMs } }, { atMs: before.atMs, _id: { $lt: before.id } }],
            }),
          })
          .sort({ atMs: -1, _id: -1 })
          .limit(limit)
          .toArray()
        return found.map(({ _id, ...change }) => ({ id: _id, ...change }))
      }),
    ...feedCursors(db, 'roleCursors'),
    ask: (account, atMs) =>
      told(async () => {
        await asks.replaceOne({ _id: account }, { atMs }, { upsert: true })
      }),
    asked: (limit) =>
      told(async () => {
        const found = await asks.find().sort({ atMs: 1, _id: 1 }).limit(limit).toArray()
        return found.map(({ _id, atMs }) => ({ account: _id, atMs }))
      }),
    answered: (account, atMs) =>
      told(async () => {
        await asks.deleteOne({ _id: account, atMs })
      }),
    close,
  }
}

function stateOf({ _id, isOpen: _isOpen, ...state }: StateDocument): RoleState {
  return state
}
