import { type Page, pageOf } from '#core/page.ts'
import { accountId, valueOf } from './document.ts'
import { type ReadPorts, readUpToDate } from './read-balance.ts'

export type Leader = {
  readonly account: string
  readonly availableRaw: bigint
}

/** Accounts of an asset by what they can spend, most first, and by name where that is equal. */
export async function listLeaders(
  ports: ReadPorts,
  ledger: string,
  asset: string,
  { after, limit }: { readonly after?: Leader; readonly limit: number },
): Promise<Page<Leader>> {
  await readUpToDate(ports, ledger)
  const place = after && {
    valueRaw: after.availableRaw,
    id: accountId(asset, after.account),
  }
  const documents = await ports.store.leaders(ledger, asset, place, limit + 1)
  const leaders = documents.map((document) => ({
    account: document.id.slice(asset.length + 1),
    availableRaw: valueOf('account', document).availableRaw,
  }))
  return pageOf(leaders, limit)
}
