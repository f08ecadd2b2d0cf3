import type { Address } from '#core/chain.ts'
import type { Ask } from './ask.ts'
import type { Reason, TokenFinding, WalletFinding } from './decision.ts'
import type { HoldingIndex } from './holding-index.ts'
import type { Escrow, OwnershipRead } from './ports.ts'
import { type Erc721Rule, type PunksRule, tokenIdsOf } from './rule.ts'
import { isBurnAddress } from '#core/nft/burn.ts'
import {
  amountOf,
  asOwner,
  type Finding,
  openOf,
  ownerOf,
  tally,
  unknownFinding,
  unknownOf,
} from './tally.ts'

export type CountTokensPorts = {
  readonly ask: Ask
  readonly index: HoldingIndex
  readonly escrows: readonly Escrow[]
  /** Collections that the configuration says are of ERC-721: they may be older than ERC-165. */
  readonly isKnownErc721: (collection: Address) => boolean
}

type TokensRule = Erc721Rule | PunksRule

/** Tokens of a collection, of all wallets together. Rules that only the index can answer are in `count-listed.ts`. */
export async function countErc721(
  ports: CountTokensPorts,
  rule: TokensRule,
  wallets: readonly Address[],
): Promise<Finding> {
  const wrong = await wrongInterface(ports, rule)
  if (wrong) return unknownFinding(rule.min, wallets, wrong)
  return rule.tokens
    ? countNamed(ports, rule, tokenIdsOf(rule.tokens), wallets)
    : countAny(ports, rule, wallets)
}

/** Why a contract is not taken for one of ERC-721; null where it is one. */
export async function wrongInterface(
  { ask, isKnownErc721 }: CountTokensPorts,
  { kind, collection: contract }: TokensRule,
): Promise<Reason | null> {
  if (kind === 'punks' || isKnownErc721(contract)) return null
  const told = await ask({ of: 'interface', contract, standard: 'erc721' })
  // A contract that is older than ERC-165 gives up on the question; so does one that is none at all.
  if (told.status === 'no-answer' || told.status === 'odd-answer') return 'wrong-interface'
  return unknownOf(told) ?? (amountOf(told) === 1n ? null : 'wrong-interface')
}

const ownerRead = ({ kind, collection: contract }: TokensRule, tokenId: bigint): OwnershipRead =>
  kind === 'punks'
    ? { of: 'punk-owner', contract, tokenId }
    : { of: 'token-owner', contract, tokenId }

/** Whose a token is: a wallet, nobody that matters, or not known. */
type TokenOwner =
  | { readonly owner: Address; readonly escrow: Address | null; readonly isContract: boolean }
  | { readonly owner: null; readonly reason: Reason | null; readonly isEscrowed: boolean }

/** The owner of a token, and for whom an escrow that is listed holds it. */
export async function beneficialOwner(
  { ask, escrows }: CountTokensPorts,
  rule: TokensRule,
  tokenId: bigint,
): Promise<TokenOwner> {
  const told = asOwner(await ask(ownerRead(rule, tokenId)))
  const owner = ownerOf(told)
  if (owner === null || isBurnAddress(owner))
    return { owner: null, reason: unknownOf(told), isEscrowed: false }
  const escrow = escrows.find(
    ({ contract, collection, ownerMethod }) =>
      contract === owner && collection === rule.collection && ownerMethod !== null,
  )
  if (!escrow?.ownerMethod)
    return { owner, escrow: null, isContract: told.status === 'value' && told.isContract }
  const staker = asOwner(
    await ask({
      of: 'escrowed-owner',
      contract: escrow.contract,
      method: escrow.ownerMethod,
      collection: rule.collection,
      tokenId,
    }),
  )
  const beneficial = ownerOf(staker)
  return beneficial
    ? { owner: beneficial, escrow: escrow.contract, isContract: false }
    : { owner: null, reason: unknownOf(staker), isEscrowed: true }
}

/** Of tokens that are named: who owns each. */
async function countNamed(
  ports: CountTokensPorts,
  rule: TokensRule,
  tokenIds: readonly bigint[],
  wallets: readonly Address[],
): Promise<Finding> {
  const owned = await Promise.all(tokenIds.map((tokenId) => beneficialOwner(ports, rule, tokenId)))
  const counted: TokenFinding[] = []
  const amounts = new Map<Address, bigint>()
  let unknown: Reason | null = null
  let isEscrowed = false
  for (const [index, each] of owned.entries()) {
    if (each.owner === null) {
      unknown ??= each.reason
      isEscrowed ||= each.isEscrowed
    } else if (wallets.includes(each.owner)) {
      const { owner: wallet, escrow } = each
      counted.push({ tokenId: tokenIds[index] as bigint, wallet, escrow, since: null })
      amounts.set(wallet, (amounts.get(wallet) ?? 0n) + 1n)
    } else isEscrowed ||= each.isContract
  }
  const findings = wallets.map((wallet): WalletFinding => ({
    wallet,
    amount: amounts.get(wallet) ?? 0n,
    reason: null,
  }))
  return tally(rule.min, findings, {
    tokens: counted,
    unknown,
    shortOf: isEscrowed ? 'escrowed' : 'too-few',
  })
}

/** Of any token: balances, and what listed escrows hold. */
async function countAny(
  ports: CountTokensPorts,
  rule: TokensRule,
  wallets: readonly Address[],
): Promise<Finding> {
  const own = await Promise.all(wallets.map((wallet) => balanceOf(ports, rule, wallet)))
  const direct = tally(rule.min, own)
  const escrows = ports.escrows.filter(({ collection }) => collection === rule.collection)
  if (direct.answer === 'yes' || escrows.length === 0) return direct
  const held = await Promise.all(escrows.map((escrow) => inEscrow(ports, rule, escrow, wallets)))
  const findings = own.map(({ wallet, amount, reason }): WalletFinding => {
    const more = held.reduce((sum, { amounts }) => sum + (amounts.get(wallet) ?? 0n), 0n)
    return { wallet, amount: amount === null && more === 0n ? null : (amount ?? 0n) + more, reason }
  })
  return tally(rule.min, findings, {
    tokens: held.flatMap(({ tokens }) => tokens),
    unknown:
      held.find(({ unknown }) => unknown !== null)?.unknown ??
      own.find(({ reason }) => reason !== null)?.reason ??
      null,
  })
}

async function balanceOf(
  { ask }: CountTokensPorts,
  { collection: contract }: TokensRule,
  wallet: Address,
): Promise<WalletFinding> {
  if (isBurnAddress(wallet)) return { wallet, amount: 0n, reason: null }
  const told = await ask({ of: 'balance', contract, account: wallet })
  const reason = unknownOf(told)
  return { wallet, amount: reason ? null : amountOf(told), reason }
}

type InEscrow = {
  readonly amounts: ReadonlyMap<Address, bigint>
  readonly tokens: readonly TokenFinding[]
  readonly unknown: Reason | null
}

/** What a listed escrow holds for the wallets: as it counts itself, or of each token that the index says it has. */
async function inEscrow(
  ports: CountTokensPorts,
  rule: TokensRule,
  { contract, balanceMethod, ownerMethod }: Escrow,
  wallets: readonly Address[],
): Promise<InEscrow> {
  const amounts = new Map<Address, bigint>()
  let unknown: Reason | null = null
  if (balanceMethod !== null) {
    for (const wallet of wallets) {
      const read = {
        of: 'escrowed-balance',
        contract,
        method: balanceMethod,
        account: wallet,
      } as const
      // oxlint-disable-next-line no-await-in-loop -- a person has few wallets
      const told = await ports.ask(read)
      unknown ??= unknownOf(told)
      amounts.set(wallet, amountOf(told))
    }
    return { amounts, tokens: [], unknown }
  }
  if (ownerMethod === null) return { amounts, tokens: [], unknown }
  const listed = await ports.index.tokensOf(rule.collection, contract)
  if (typeof listed === 'string') return { amounts, tokens: [], unknown: listed }
  const tokenIds = listed.map(({ tokenId }) => tokenId)
  const [found, balance] = await Promise.all([
    countNamed(ports, rule, tokenIds, wallets),
    ports.ask({ of: 'balance', contract: rule.collection, account: contract }),
  ])
  // The index may have begun after some of them came.
  if (amountOf(balance) > BigInt(tokenIds.length)) unknown = 'index-incomplete'
  const tokens = found.tokens.filter(({ escrow }) => escrow === contract)
  for (const { wallet } of tokens) amounts.set(wallet, (amounts.get(wallet) ?? 0n) + 1n)
  return { amounts, tokens, unknown: unknown ?? unknownOf(balance) ?? openOf(found) }
}
