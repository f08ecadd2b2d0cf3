import type { Address, Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { linkStep, type WalletState } from '#core/identity/link.ts'
import type { IdentityStore, Session } from '#core/identity/ports.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo } from './connection.ts'
import { isDuplicate, toAppError } from './errors.ts'
import { createLastingDatabase } from './lasting-database.ts'

type NonceDocument = { readonly _id: string; readonly login: Hash; readonly expiresAtMs: number }
type SessionDocument = Omit<Session, 'id'> & { readonly _id: string }
type WalletDocument = WalletState & { readonly _id: Address; readonly provenAtMs: number }

/** A wallet that several want at once is looked at again by those who came late. */
const LINK_TRIES_MAX = 10

/**
 * People's sign-ins and wallets in a MongoDB database of records. Each call is one change of one document, acknowledged by
 * a majority.
 *
 * @param url of records that have been migrated
 * @throws AppError `invalid` when the URL cannot be used
 */
export function openMongoIdentityStore(url: string): IdentityStore {
  const { db, close } = createLastingDatabase(() => connectionTo(url, 'records'))
  const nonces = db.collection<NonceDocument>('loginNonces', CONCERNS)
  const sessions = db.collection<SessionDocument>('sessions', CONCERNS)
  const wallets = db.collection<WalletDocument>('wallets', CONCERNS)

  async function told<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      throw toAppError(error, 'records')
    }
  }

  /** Whether the wallet was changed from `before` to `after`: nobody else came first. */
  async function changeWallet(
    before: WalletDocument | undefined,
    after: WalletDocument,
  ): Promise<boolean> {
    if (before) {
      const { _id, person, freeAtMs, provenAtMs } = before
      const { _id: _, ...set } = after
      const { matchedCount } = await wallets.updateOne(
        { _id, person, freeAtMs, provenAtMs },
        { $set: set },
      )
      return matchedCount === 1
    }
    try {
      await wallets.insertOne(after)
      return true
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }

  return {
    putNonce: ({ nonce, login, expiresAtMs }) =>
      told(async () => {
        await nonces.insertOne({ _id: nonce, login, expiresAtMs })
      }),
    hasNonce: (nonce, login, nowMs) =>
      told(async () => {
        const found = await nonces.findOne({ _id: nonce, login, expiresAtMs: { $gt: nowMs } })
        return found !== null
      }),
    takeNonce: (nonce, login, nowMs) =>
      told(async () => {
        const { deletedCount } = await nonces.deleteOne({
          _id: nonce,
          login,
          expiresAtMs: { $gt: nowMs },
        })
        return deletedCount === 1
      }),
    putSession: ({ id, ...rest }) =>
      told(async () => {
        await sessions.insertOne({ _id: id, ...rest })
      }),
    session: (id) =>
      told(async () => {
        const found = await sessions.findOne({ _id: id })
        if (!found) return undefined
        const { _id, ...rest } = found
        return { id: _id, ...rest }
      }),
    rotateSession: (id, generation, expiresAtMs) =>
      told(async () => {
        const { matchedCount } = await sessions.updateOne(
          { _id: id, generation, isRevoked: false },
          { $set: { generation: generation + 1, expiresAtMs } },
        )
        return matchedCount === 1
      }),
    revokeSession: (id) =>
      told(async () => {
        await sessions.updateOne({ _id: id }, { $set: { isRevoked: true } })
      }),
    revokeSessionsOf: (person) =>
      told(async () => {
        await sessions.updateMany({ person }, { $set: { isRevoked: true } })
      }),
    linkWallet: (wallet, person, newPerson, nowMs) =>
      told(async () => {
        for (let tries = 0; tries < LINK_TRIES_MAX; tries++) {
          // oxlint-disable-next-line no-await-in-loop -- as long as others come first
          const before = (await wallets.findOne({ _id: wallet })) ?? undefined
          const { outcome, isChange } = linkStep(before, person, newPerson, nowMs)
          if (!isChange || outcome.status !== 'linked') return outcome
          const after = {
            _id: wallet,
            person: outcome.person,
            freeAtMs: null,
            provenAtMs: nowMs,
          }
          // oxlint-disable-next-line no-await-in-loop -- as above
          if (await changeWallet(before, after)) return outcome
        }
        throw new AppError('unavailable', 'the wallet is being linked elsewhere; try again', {
          details: { reason: 'busy' },
          audience: 'client',
        })
      }),
    personOf: (wallet) =>
      told(async () => (await wallets.findOne({ _id: wallet, freeAtMs: null }))?.person),
    walletsOf: (person) =>
      told(async () => {
        const found = await wallets.find({ person, freeAtMs: null }).sort({ _id: 1 }).toArray()
        return found.map(({ _id, provenAtMs }) => ({ wallet: _id, person, provenAtMs }))
      }),
    unlinkWallet: (wallet, person, freeAtMs) =>
      told(async () => {
        const { matchedCount } = await wallets.updateOne(
          { _id: wallet, person, freeAtMs: null },
          { $set: { freeAtMs } },
        )
        return matchedCount === 1
      }),
    forgetExpired: (nowMs) =>
      told(async () => {
        await nonces.deleteMany({ expiresAtMs: { $lte: nowMs } })
        await sessions.deleteMany({ expiresAtMs: { $lte: nowMs } })
      }),
    close,
  }
}
