import type { Address } from '#core/chain.ts'
import type { WasMadeBy } from './block-ages.ts'
import { beneficialOwner, type CountTokensPorts, wrongInterface } from './count-tokens.ts'
import type { Reason, TimedBlock, TokenFinding, WalletFinding } from './decision.ts'
import type { IndexedToken } from './holding-index.ts'
import { type Erc721Rule, hasToken } from './rule.ts'
import { isBurnAddress } from '#core/nft/burn.ts'
import { amountOf, type Finding, tally, unknownFinding, unknownOf } from './tally.ts'

export type CountListedPorts = CountTokensPorts & {
  readonly block: TimedBlock
  readonly wasMadeBy: WasMadeBy
}

/**
 * Tokens that the index has to name first: of a large set of ids, or held for some time. Each one is then asked about at
 * the contract; the index alone grants nothing. What it does not know of shows in the contract's balance.
 */
export async function countListed(
  ports: CountListedPorts,
  rule: Erc721Rule,
  wallets: readonly Address[],
): Promise<Finding> {
  const wrong = await wrongInterface(ports, rule)
  if (wrong) return unknownFinding(rule.min, wallets, wrong)
  const each = await Promise.all(wallets.map((wallet) => countOfWallet(ports, rule, wallet)))
  const isLate = each.some(({ young }) => young > 0n)
  return tally(
    rule.min,
    each.map(({ finding }) => finding),
    {
      tokens: each.flatMap(({ tokens }) => tokens),
      unknown: each.find(({ finding }) => finding.reason !== null)?.finding.reason ?? null,
      shortOf: isLate ? 'held-too-short' : 'too-few',
    },
  )
}

type WalletCount = {
  readonly finding: WalletFinding
  readonly tokens: readonly TokenFinding[]
  /** Tokens that would count if they were held for longer. */
  readonly young: bigint
}

async function countOfWallet(
  ports: CountListedPorts,
  rule: Erc721Rule,
  wallet: Address,
): Promise<WalletCount> {
  const none = (reason: Reason | null): WalletCount => ({
    finding: { wallet, amount: reason ? null : 0n, reason },
    tokens: [],
    young: 0n,
  })
  if (isBurnAddress(wallet)) return none(null)
  const balance = await ports.ask({ of: 'balance', contract: rule.collection, account: wallet })
  if (unknownOf(balance)) return none(unknownOf(balance))
  // Who has none of the collection has none of the set, and has not had it for long.
  if (amountOf(balance) === 0n) return none(null)
  const listed = await ports.index.tokensOf(rule.collection, wallet)
  if (typeof listed === 'string') return none(listed)
  const owners = await Promise.all(
    listed.map(({ tokenId }) => beneficialOwner(ports, rule, tokenId)),
  )
  const own = listed.filter((_, index) => owners[index]?.owner === wallet)
  const counted: TokenFinding[] = []
  let young = 0n
  let unknown: Reason | null = null
  const inSet = own.filter(({ tokenId }) => hasToken(rule.tokens, tokenId))
  const areOld = await Promise.all(inSet.map((token) => isHeldLong(ports, rule, token)))
  for (const [index, isOld] of areOld.entries()) {
    const { tokenId, since } = inSet[index] as IndexedToken
    if (isOld === undefined) unknown = 'unavailable'
    else if (isOld) counted.push({ tokenId, wallet, escrow: null, since })
    else young++
  }
  if (BigInt(own.length) < amountOf(balance)) unknown ??= 'index-incomplete'
  return {
    finding: { wallet, amount: BigInt(counted.length), reason: unknown },
    tokens: counted,
    young,
  }
}

const DAY_SECONDS = 86_400

async function isHeldLong(
  { block, wasMadeBy }: CountListedPorts,
  { heldFor }: Erc721Rule,
  { since }: IndexedToken,
): Promise<boolean | undefined> {
  if (!heldFor) return true
  const { unit, count } = heldFor
  if (unit === 'blocks') return block.number - since >= count
  return wasMadeBy(since, block.timestamp - count * DAY_SECONDS)
}
