import type { Address } from '#core/chain.ts'
import type { Reason, TokenFinding, WalletFinding } from './decision.ts'
import type { Ask } from './ask.ts'
import type { Delegation, Escrow, OwnershipRead } from './ports.ts'
import { type LeafRule, hasToken, tokenIdsOf, type TokenRange } from './rule.ts'
import { isBurnAddress } from '#core/nft/burn.ts'
import { amountOf, type Finding, openOf, tally, unknownOf } from './tally.ts'

/** What is delegated to wallets, all at the block of the decision. */
export type Delegations = {
  readonly registry: Address
  /** What a delegation has to be for, as delegate.xyz has it; zero: everything. */
  readonly rights: `0x${string}`
  /** What is delegated to a wallet, or why that is not known. Asked once for each wallet. */
  incoming(wallet: Address): Promise<readonly Delegation[] | Reason>
}

export type CountDelegatedPorts = {
  readonly ask: Ask
  readonly delegations: Delegations
  readonly escrows: readonly Escrow[]
}

/** Accounts that hold something and are looked at by one decision. */
const VAULTS_MAX = 50
/** Tokens that one account has delegated one by one. */
const TOKENS_MAX = 100
/** Questions by which those that hold nothing are left out. */
const FILTER_READS_MAX = 20_000

/** An account that has delegated to a wallet of the person. */
type Vault = {
  readonly vault: Address
  /** By the wallet. */
  readonly given: readonly { readonly to: Address; readonly delegation: Delegation }[]
}

/**
 * Adds what others hold and have delegated to the wallets of a person (delegate.xyz, version 2). A delegation by itself
 * says nothing: anybody may delegate what is not theirs. So it counts with what its account holds at the same block, an
 * account once, however often it has delegated.
 *
 * @param own what the wallets hold themselves
 * @param count of the same rule for other wallets
 */
export async function addDelegated(
  ports: CountDelegatedPorts,
  rule: LeafRule,
  wallets: readonly Address[],
  own: Finding,
  count: (rule: LeafRule, wallets: readonly Address[]) => Promise<Finding>,
): Promise<Finding> {
  if (!rule.delegates || own.answer === 'yes') return own
  const { vaults: all, unknown } = await vaultsOf(ports, rule, wallets)
  const vaults = await withHoldings(ports, rule, all)
  const found = await Promise.all(
    vaults.slice(0, VAULTS_MAX).map((vault) => countVault(ports, rule, vault, count)),
  )
  const sum = tally(rule.min, [...own.wallets, ...found.flatMap((each) => each.wallets)], {
    tokens: [...own.tokens, ...found.flatMap(({ tokens }) => tokens)],
    unknown:
      openOf(own) ??
      found.find((each) => each.unknown !== null)?.unknown ??
      unknown ??
      (vaults.length > VAULTS_MAX ? 'too-many-tokens' : null),
    ...(own.answer === 'no' && { shortOf: own.reason }),
  })
  return sum.answer === 'yes' ? { ...sum, reason: 'delegated' } : sum
}

/** Who has delegated anything that the rule is about. */
async function vaultsOf(
  { delegations }: CountDelegatedPorts,
  rule: LeafRule,
  wallets: readonly Address[],
): Promise<{ readonly vaults: readonly Vault[]; readonly unknown: Reason | null }> {
  const lists = await Promise.all(wallets.map((wallet) => delegations.incoming(wallet)))
  const vaults = new Map<Address, { to: Address; delegation: Delegation }[]>()
  let unknown: Reason | null = null
  for (const [index, list] of lists.entries()) {
    if (typeof list === 'string') {
      unknown ??= list
      continue
    }
    const to = wallets[index] as Address
    for (const delegation of list) {
      const { vault } = delegation
      // What a person holds counts once, whoever else it is delegated to.
      if (wallets.includes(vault) || isBurnAddress(vault) || !isAbout(rule, delegation)) continue
      const given = vaults.get(vault) ?? []
      vaults.set(vault, [...given, { to, delegation }])
    }
  }
  return { vaults: [...vaults].map(([vault, given]) => ({ vault, given })), unknown }
}

/**
 * Anybody can delegate to anybody, for no more than gas. So where many have, those that hold nothing of the collection are
 * left out, or stand behind the others where an escrow may hold something for them: what somebody else delegates neither
 * hides nor delays what counts.
 */
async function withHoldings(
  { ask, escrows }: CountDelegatedPorts,
  rule: LeafRule,
  vaults: readonly Vault[],
): Promise<readonly Vault[]> {
  const reads = vaults.map(({ vault }) => holdingReads(rule, vault))
  if (vaults.length <= VAULTS_MAX || reads.flat().length > FILTER_READS_MAX) return vaults
  const told = await Promise.all(reads.map((each) => Promise.all(each.map(ask))))
  const isEmpty = told.map((each) =>
    each.every((answer) => answer.status === 'value' && answer.value === 0n),
  )
  const mayBeEscrowed =
    (rule.kind === 'erc721' || rule.kind === 'punks') &&
    escrows.some(({ collection }) => collection === rule.collection)
  return [
    ...vaults.filter((_, index) => !isEmpty[index]),
    ...(mayBeEscrowed ? vaults.filter((_, index) => isEmpty[index]) : []),
  ]
}

/** What tells whether an account holds anything that the rule is about. */
const holdingReads = (rule: LeafRule, account: Address): OwnershipRead[] =>
  rule.kind === 'erc1155'
    ? tokenIdsOf(rule.tokens).map((tokenId) => ({
        of: 'amount',
        contract: rule.collection,
        account,
        tokenId,
      }))
    : [{ of: 'balance', contract: rule.collection, account }]

/** As the registry knows the tokens of a rule. */
const scopeOf = ({ kind }: LeafRule): 'erc721' | 'erc20' | 'erc1155' =>
  kind === 'erc20' || kind === 'erc1155' ? kind : 'erc721'

function isAbout(rule: LeafRule, { of, contract, tokenId }: Delegation): boolean {
  if (of === 'all') return true
  if (contract !== rule.collection) return false
  if (of === 'contract') return true
  if (of !== scopeOf(rule)) return false
  return !('tokens' in rule) || hasToken(rule.tokens, tokenId)
}

type VaultCount = {
  readonly wallets: readonly WalletFinding[]
  readonly tokens: readonly TokenFinding[]
  readonly unknown: Reason | null
}

const NOTHING: VaultCount = { wallets: [], tokens: [], unknown: null }

async function countVault(
  ports: CountDelegatedPorts,
  rule: LeafRule,
  { vault, given }: Vault,
  count: (rule: LeafRule, wallets: readonly Address[]) => Promise<Finding>,
): Promise<VaultCount> {
  const { ask, delegations } = ports
  const { registry: contract, rights } = delegations
  const { collection } = rule
  const whole = given.find(({ delegation: { of } }) => of === 'all' || of === 'contract')
  if (whole) {
    const { to } = whole
    const told = await ask({
      of: 'delegated',
      scope: 'contract',
      contract,
      to,
      vault,
      collection,
      tokenId: 0n,
      rights,
    })
    const reason = unknownOf(told)
    if (reason) return { ...NOTHING, unknown: reason }
    if (amountOf(told) === 1n)
      return counted(await count({ ...rule, delegates: false }, [vault]), to)
  }
  const scope = scopeOf(rule)
  const parts = given.filter(({ delegation: { of } }) => of === scope)
  const [part] = parts
  if (!part) return NOTHING
  if (parts.length > TOKENS_MAX) return { ...NOTHING, unknown: 'too-many-tokens' }
  const allowed = await Promise.all(
    parts.map(async ({ to, delegation: { tokenId } }) => ({
      to,
      tokenId,
      told: await ask({
        of: 'delegated',
        scope,
        contract,
        to,
        vault,
        collection,
        tokenId,
        rights,
      }),
    })),
  )
  const unknown = allowed.map(({ told }) => unknownOf(told)).find((each) => each !== null) ?? null
  const valid = allowed.filter(({ told }) => amountOf(told) > 0n)
  if (valid.length === 0) return { ...NOTHING, unknown }
  if (rule.kind !== 'erc20' && rule.kind !== 'erc1155') {
    const tokens = distinct(valid.map(({ tokenId }) => tokenId))
    const finding =
      rule.kind === 'traits'
        ? onlyOf(tokens, await count({ ...rule, delegates: false }, [vault]))
        : await count({ ...rule, delegates: false, tokens }, [vault])
    const found = counted(finding, part.to)
    return { ...found, unknown: found.unknown ?? unknown }
  }
  // A delegation may be of less than its account holds. Several of the same are not added up.
  const most = new Map<bigint, bigint>()
  for (const { tokenId, told } of valid) {
    const amount = amountOf(told)
    if (amount > (most.get(tokenId) ?? 0n)) most.set(tokenId, amount)
  }
  let [amount, open] = [0n, unknown]
  for (const [tokenId, max] of most) {
    const told = await ask(
      rule.kind === 'erc20'
        ? { of: 'balance', contract: collection, account: vault }
        : { of: 'amount', contract: collection, account: vault, tokenId },
    )
    open ??= unknownOf(told)
    const held = amountOf(told)
    amount += held < max ? held : max
  }
  const finding: WalletFinding = { wallet: vault, amount, reason: null, delegate: part.to }
  return { wallets: [finding], tokens: [], unknown: open }
}

/** Of what was counted of one account, the tokens that are delegated. */
function onlyOf(ranges: readonly TokenRange[], finding: Finding): Finding {
  const tokens = finding.tokens.filter(({ tokenId }) => hasToken(ranges, tokenId))
  const wallets = finding.wallets.map((each) => ({
    ...each,
    amount: each.amount === null ? null : BigInt(tokens.length),
  }))
  return tally(finding.needed, wallets, { tokens, unknown: openOf(finding) })
}

const counted = (found: Finding, delegate: Address): VaultCount => ({
  wallets: found.wallets.map((each) => ({ ...each, delegate })),
  tokens: found.tokens,
  unknown: openOf(found),
})

/** Ids as ranges that do not overlap. */
const distinct = (tokenIds: readonly bigint[]): TokenRange[] =>
  [...new Set(tokenIds)]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((tokenId) => ({ from: tokenId, to: tokenId }))
