import type { Address } from '#core/chain.ts'
import { isBurnAddress } from '#core/nft/burn.ts'
import { beneficialOwner, type CountTokensPorts, wrongInterface } from './count-tokens.ts'
import type { ReadDocument, Reason, TokenFinding, WalletFinding } from './decision.ts'
import type { Erc721Rule, TraitsRule } from './rule.ts'
import { amountOf, type Finding, tally, unknownFinding, unknownOf } from './tally.ts'

/** What is stored of a token's traits: `unknown` where it was not fetched, or may be otherwise by now. */
export type KnownTraits =
  | {
      readonly attributes: readonly {
        readonly traitType: string | null
        readonly value: string
      }[]
      readonly document: ReadDocument
    }
  | 'unknown'

/** Traits of tokens, in the order asked; null where metadata is not kept. */
export type TraitIndex = {
  traitsOf(collection: Address, tokenIds: readonly bigint[]): Promise<readonly KnownTraits[]>
} | null

export type CountTraitsPorts = CountTokensPorts & { readonly traits: TraitIndex }

/**
 * Tokens of ERC-721 that have traits. The index names the tokens of a wallet, the contract says whether they are its own,
 * and what was fetched of them says which traits they have.
 */
export async function countTraits(
  ports: CountTraitsPorts,
  rule: TraitsRule,
  wallets: readonly Address[],
): Promise<Finding> {
  if (!ports.traits) return unknownFinding(rule.min, wallets, 'metadata-not-kept')
  const any: Erc721Rule = {
    kind: 'erc721',
    collection: rule.collection,
    min: rule.min,
    tokens: null,
    heldFor: null,
    delegates: false,
  }
  const wrong = await wrongInterface(ports, any)
  if (wrong) return unknownFinding(rule.min, wallets, wrong)
  const { traits } = ports
  const each = await Promise.all(
    wallets.map((wallet) => countOfWallet({ ...ports, traits }, rule, any, wallet)),
  )
  return tally(
    rule.min,
    each.map(({ finding }) => finding),
    {
      tokens: each.flatMap(({ tokens }) => tokens),
      unknown: each.find(({ finding }) => finding.reason !== null)?.finding.reason ?? null,
    },
  )
}

type WalletCount = { readonly finding: WalletFinding; readonly tokens: readonly TokenFinding[] }

async function countOfWallet(
  ports: CountTokensPorts & { readonly traits: NonNullable<TraitIndex> },
  rule: TraitsRule,
  any: Erc721Rule,
  wallet: Address,
): Promise<WalletCount> {
  const none = (reason: Reason | null): WalletCount => ({
    finding: { wallet, amount: reason ? null : 0n, reason },
    tokens: [],
  })
  if (isBurnAddress(wallet)) return none(null)
  const { collection } = rule
  const balance = await ports.ask({ of: 'balance', contract: collection, account: wallet })
  if (unknownOf(balance)) return none(unknownOf(balance))
  if (amountOf(balance) === 0n) return none(null)
  const listed = await ports.index.tokensOf(collection, wallet)
  if (typeof listed === 'string') return none(listed)
  const owners = await Promise.all(
    listed.map(({ tokenId }) => beneficialOwner(ports, any, tokenId)),
  )
  const own = listed.filter((_, index) => owners[index]?.owner === wallet)
  const known = await ports.traits.traitsOf(
    collection,
    own.map(({ tokenId }) => tokenId),
  )
  const tokens: TokenFinding[] = []
  let unknown: Reason | null = null
  for (const [index, { tokenId, since }] of own.entries()) {
    const traits = known[index] ?? 'unknown'
    if (traits === 'unknown') unknown = 'metadata-unknown'
    else if (hasTraits(rule, traits)) {
      const { document } = traits
      tokens.push({ tokenId, wallet, escrow: null, since, document })
    }
  }
  if (BigInt(own.length) < amountOf(balance)) unknown ??= 'index-incomplete'
  return { finding: { wallet, amount: BigInt(tokens.length), reason: unknown }, tokens }
}

/** Of each trait that is asked for, one of its values. */
const hasTraits = (
  { traits }: TraitsRule,
  { attributes }: Exclude<KnownTraits, 'unknown'>,
): boolean =>
  traits.every(({ traitType, values }) =>
    attributes.some((each) => each.traitType === traitType && values.includes(each.value)),
  )
