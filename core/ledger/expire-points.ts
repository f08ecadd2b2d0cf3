import { valueOf } from './document.ts'
import type { MovementBody } from './evolve.ts'
import type { OperationRequest } from './operation.ts'
import { type ReadPorts, readAsset } from './read-balance.ts'
import { fromText } from './text.ts'

/** Whose keys those are that follow from rules of the ledger itself. */
export const LEDGER_SCOPE = 'ledger'

/** Accounts that are read at once. */
const PAGE = 500

/** Requests that take back points which are too old; undefined where points of the asset do not expire. */
export type ExpiryRequests = AsyncGenerator<OperationRequest, void> | undefined

/**
 * Finds points of an asset that are older than its policy lets them be. What an account has paid out counts against the
 * oldest points that it was given. The requests are to be submitted; those of another time do nothing twice.
 *
 * @param input `nowMs`: milliseconds since 1970
 */
export async function findExpired(
  ports: ReadPorts,
  ledger: string,
  input: { readonly asset: string; readonly actor: string; readonly nowMs: number },
): Promise<ExpiryRequests> {
  const policy = await readAsset(ports, ledger, input.asset)
  if (!policy || policy.expiresAfterMs === null) return undefined
  return walk(ports, ledger, input, input.nowMs - policy.expiresAfterMs)
}

async function* walk(
  { store }: ReadPorts,
  ledger: string,
  { asset, actor }: { readonly asset: string; readonly actor: string },
  untilMs: number,
): AsyncGenerator<OperationRequest, void> {
  const prefix = `${asset}/`
  let after = prefix
  for (;;) {
    const page = await store.walkDocuments(ledger, 'account', after, PAGE)
    for (const document of page) {
      if (!document.id.startsWith(prefix)) return
      const account = document.id.slice(prefix.length)
      const { availableRaw, debitedRaw } = valueOf('account', document)
      if (availableRaw === 0n) continue
      const [last] = await store.movements(ledger, asset, account, { untilMs, limit: 1 })
      if (!last) continue
      const { creditedRaw } = (fromText(last.body) as MovementBody).after
      if (creditedRaw <= debitedRaw) continue
      const [standing] = await store.documents(ledger, [{ kind: 'standing', id: account }])
      // A refusal would be the answer of the key for good.
      if (standing && valueOf('standing', standing).isFrozen) continue
      yield {
        scope: LEDGER_SCOPE,
        key: `expire:${asset}:${account}:${creditedRaw}:${debitedRaw}`,
        actor,
        operation: { kind: 'expire', asset, account, creditedRaw },
      }
    }
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = last.id
  }
}
