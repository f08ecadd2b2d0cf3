import type { Address } from '#core/chain.ts'
import { beneficialOwner, type CountTokensPorts, wrongInterface } from './count-tokens.ts'
import type { Reason, TimedBlock, TokenFinding, WalletFinding } from './decision.ts'
import type { IndexedToken } from './holding-index.ts'
import { type Erc721Rule, hasToken } from './rule.ts'
import { amountOf, type Finding, isBurnAddress, tally, unknownFinding, unknownOf } from './tally.ts'

export type CountListedPorts = CountTokensPorts & {
  readonly block: TimedBlock
  /** When blocks were made; undefined where no node tells. */
  readonly timestampOf: (number: number) => Promise<number | undefined>
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
  for (const token of own) {
    if (!hasToken(rule.tokens, token.tokenId)) continue
    // oxlint-disable-next-line no-await-in-loop -- what it asks is asked once a block, and mostly known
    const isOld = await isHeldLong(ports, rule, token)
    if (isOld === undefined) unknown = 'unavailable'
    else if (isOld)
      counted.push({ tokenId: token.tokenId, wallet, escrow: null, since: token.since })
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
  { block, timestampOf }: CountListedPorts,
  { heldFor }: Erc721Rule,
  { since }: IndexedToken,
): Promise<boolean | undefined> {
  if (!heldFor) return true
  if (heldFor.unit === 'blocks') return block.number - since >= heldFor.count
  const from = await timestampOf(since)
  return from === undefined ? undefined : block.timestamp - from >= heldFor.count * DAY_SECONDS
}
