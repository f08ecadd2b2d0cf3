import type { Address } from '#core/chain.ts'

/** Ids of tokens, both ends included. */
export type TokenRange = { readonly from: bigint; readonly to: bigint }

/** For how long a token has to have been its holder's, without a pause. */
export type HeldFor = { readonly unit: 'blocks' | 'days'; readonly count: number }

/** So many tokens of an ERC-721 collection; `tokens` null: any of them. */
export type Erc721Rule = {
  readonly kind: 'erc721'
  readonly collection: Address
  readonly tokens: readonly TokenRange[] | null
  readonly min: bigint
  readonly heldFor: HeldFor | null
  /** Whether what others hold and have delegated to a wallet counts. */
  readonly delegates: boolean
}

/** So many of the CryptoPunks, whose contract is older than ERC-721 and has functions of its own. */
export type PunksRule = {
  readonly kind: 'punks'
  readonly collection: Address
  readonly tokens: readonly TokenRange[] | null
  readonly min: bigint
  readonly delegates: boolean
}

/** So many tokens of an ERC-721 collection that have all of these traits, each with one of its values. */
export type TraitsRule = {
  readonly kind: 'traits'
  readonly collection: Address
  readonly traits: readonly { readonly traitType: string; readonly values: readonly string[] }[]
  readonly min: bigint
  readonly delegates: boolean
}

/** So many units of tokens of an ERC-1155 contract, over all of the ids together. */
export type Erc1155Rule = {
  readonly kind: 'erc1155'
  readonly collection: Address
  readonly tokens: readonly TokenRange[]
  readonly min: bigint
  readonly delegates: boolean
}

/** So many raw units of an ERC-20 token. */
export type Erc20Rule = {
  readonly kind: 'erc20'
  readonly collection: Address
  readonly min: bigint
  readonly delegates: boolean
}

/** What is asked of contracts: amounts of all wallets of a person are added up. */
export type LeafRule = Erc721Rule | PunksRule | TraitsRule | Erc1155Rule | Erc20Rule

/** What a person has to own. */
export type Rule =
  | LeafRule
  | { readonly kind: 'all'; readonly of: readonly Rule[] }
  | { readonly kind: 'any'; readonly of: readonly Rule[] }
  | { readonly kind: 'at-least'; readonly count: number; readonly of: readonly Rule[] }
  | { readonly kind: 'not'; readonly of: readonly [Rule] }

export type RuleKind = Rule['kind']

/** How many ids there are in ranges that do not overlap. */
export const countTokens = (ranges: readonly TokenRange[]): bigint =>
  ranges.reduce((sum, { from, to }) => sum + to - from + 1n, 0n)

export const hasToken = (ranges: readonly TokenRange[] | null, tokenId: bigint): boolean =>
  ranges === null || ranges.some(({ from, to }) => from <= tokenId && tokenId <= to)

/** Every id of ranges that are few together. */
export function tokenIdsOf(ranges: readonly TokenRange[]): bigint[] {
  const ids: bigint[] = []
  for (const { from, to } of ranges) for (let id = from; id <= to; id++) ids.push(id)
  return ids
}

/** The leaves of a rule, from left to right. */
export const leavesOf = (rule: Rule): LeafRule[] =>
  'of' in rule ? rule.of.flatMap(leavesOf) : [rule]

/** Ids that contracts are asked about one by one; a set of more is looked up in the index first. */
export const TOKENS_READ_MAX = 500n

/** Whether only the index of transfers can tell which tokens to ask the contract about. */
export const needsIndex = (leaf: LeafRule): boolean =>
  leaf.kind === 'traits' ||
  (leaf.kind === 'erc721' &&
    (leaf.heldFor !== null || (leaf.tokens !== null && countTokens(leaf.tokens) > TOKENS_READ_MAX)))

/** The same text for the same rule. */
export const ruleText = (rule: Rule): string =>
  JSON.stringify(rule, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
