import type { Address, Hash } from '#core/chain.ts'
import type { DiscordAccount, IdentityStore, Session } from '#core/identity/ports.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo } from './connection.ts'
import { toldAs } from './errors.ts'
import { createLastingDatabase } from './lasting-database.ts'
import { linkOwned, type OwnedDocument } from './link-owned.ts'

const told = toldAs('records')

type NonceDocument = { readonly _id: string; readonly login: Hash; readonly expiresAtMs: number }
type SessionDocument = Omit<Session, 'id'> & { readonly _id: string }
type WalletDocument = OwnedDocument & { readonly _id: Address }
type DiscordDocument = OwnedDocument & { readonly _id: string; readonly name: string }

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
  const discordAccounts = db.collection<DiscordDocument>('discordAccounts', CONCERNS)

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
      told(() => linkOwned(wallets, wallet, [person, newPerson, nowMs], {})),
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
    linkDiscord: ({ id, name }, person, nowMs) =>
      told(() => linkOwned(discordAccounts, id, [person, person, nowMs], { name })),
    discordOf: (person) =>
      told(async () => {
        const found = await discordAccounts
          .find({ person, freeAtMs: null })
          .sort({ _id: 1 })
          .toArray()
        return found.map(discordOfDocument)
      }),
    personOfDiscord: (id) =>
      told(async () => (await discordAccounts.findOne({ _id: id, freeAtMs: null }))?.person),
    unlinkDiscord: (id, person, freeAtMs) =>
      told(async () => {
        const { matchedCount } = await discordAccounts.updateOne(
          { _id: id, person, freeAtMs: null },
          { $set: { freeAtMs } },
        )
        return matchedCount === 1
      }),
    discordAccounts: (after, limit) =>
      told(async () => {
        const found = await discordAccounts
          .find({ freeAtMs: null, _id: { $gt: after ?? '' } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray()
        return found.map(discordOfDocument)
      }),
    forgetExpired: (nowMs) =>
      told(async () => {
        await nonces.deleteMany({ expiresAtMs: { $lte: nowMs } })
        await sessions.deleteMany({ expiresAtMs: { $lte: nowMs } })
      }),
    close,
  }
}

const discordOfDocument = ({ _id, name, person, provenAtMs }: DiscordDocument): DiscordAccount => ({
  id: _id,
  name,
  person,
  linkedAtMs: provenAtMs,
})
