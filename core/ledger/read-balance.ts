import type { Sha256 } from '#core/history/digest.ts'
import { catchUp, standing } from './apply-entries.ts'
import { damagedRecords } from './damaged.ts'
import { type Account, accountId, emptyAccount, type LedgerDocument, valueOf } from './document.ts'
import type { EntryRef } from './entry.ts'
import type { MovementBody } from './evolve.ts'
import type { AssetPolicy } from './operation.ts'
import type { LedgerStore } from './ports.ts'
import { fromText } from './text.ts'

export type ReadPorts = { readonly store: LedgerStore; readonly sha256: Sha256 }

/** What an account has of an asset. */
export type Balance = {
  readonly asset: string
  readonly account: string
  readonly value: Account
  /** The entry that made it so; null where the account never had any. */
  readonly at: EntryRef | null
  readonly isFrozen: boolean
}

/** Brings documents behind the newest entry where whoever has inserted it did not come to do so. */
export async function readUpToDate({ store, sha256 }: ReadPorts, ledger: string): Promise<void> {
  const { head, mark } = await standing(store, sha256, ledger)
  if (mark.sequence === head.sequence && mark.hash === head.hash) return
  await store.write((writer) => catchUp(writer, sha256, ledger))
}

/** What is asked of an asset; undefined where there is none of that name. */
export async function readAsset(
  ports: ReadPorts,
  ledger: string,
  asset: string,
): Promise<AssetPolicy | undefined> {
  await readUpToDate(ports, ledger)
  const [document] = await ports.store.documents(ledger, [{ kind: 'asset', id: asset }])
  return document && valueOf('asset', document)
}

/**
 * The balance behind the newest entry. It is shown only when the log has the entry that the balance names.
 *
 * @throws AppError `unavailable` where that is another one
 */
export async function readBalance(
  ports: ReadPorts,
  ledger: string,
  { asset, account }: { readonly asset: string; readonly account: string },
): Promise<Balance> {
  await readUpToDate(ports, ledger)
  const [document, standingOf] = await ports.store.documents(ledger, [
    { kind: 'account', id: accountId(asset, account) },
    { kind: 'standing', id: account },
  ])
  const isFrozen = standingOf !== undefined && valueOf('standing', standingOf).isFrozen
  if (!document) return { asset, account, value: emptyAccount, at: null, isFrozen }
  await refuseUnlogged(ports, ledger, document)
  const value = valueOf('account', document)
  return { asset, account, value, at: document.at, isFrozen }
}

/** @throws AppError `unavailable` where the log does not have the entry that the document names */
async function refuseUnlogged(
  { store }: ReadPorts,
  ledger: string,
  { kind, id, at }: LedgerDocument,
): Promise<void> {
  const [entry] = await store.entries(ledger, at.sequence, 1)
  if (entry?.sequence === at.sequence && entry.hash === at.hash) return
  throw damagedRecords(
    `the ${kind} ${id} of ledger ${ledger} names an entry that is not in its log`,
  )
}

/**
 * What an account had at a time, behind the last operation that was recorded by then.
 *
 * @param atMs milliseconds since 1970
 */
export async function readBalanceAt(
  ports: ReadPorts,
  ledger: string,
  { asset, account }: { readonly asset: string; readonly account: string },
  atMs: number,
): Promise<Account> {
  await readUpToDate(ports, ledger)
  const [last] = await ports.store.movements(ledger, asset, account, { untilMs: atMs, limit: 1 })
  return last ? (fromText(last.body) as MovementBody).after : emptyAccount
}
