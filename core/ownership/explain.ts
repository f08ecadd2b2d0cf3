import type { Clause, Decision, Reason } from './decision.ts'

/** What follows "because". */
const words: Readonly<Record<Reason, string>> = {
  met: 'enough is held',
  delegated: 'enough is held, some of it by accounts that have delegated it to a wallet',
  'too-few': 'less is held than needed',
  'held-too-short': 'enough is held, but not for long enough',
  escrowed: 'a contract holds it that is not listed as an escrow of the collection',
  excluded: 'something is held that must not be',
  'no-code': 'there is no contract at the address',
  'wrong-interface': 'the contract does not say that it is of this kind',
  'no-answer': 'the contract gave up without a reason',
  'odd-answer': 'the contract answered something that its standard does not allow',
  'not-indexed': 'only the transfers of the collection could tell, and they are not indexed',
  'index-behind': 'the index does not reach the block',
  'index-incomplete': 'the index lacks transfers that the balances of the contract come from',
  'too-many-tokens': 'more tokens would have to be looked at than one decision may',
  'metadata-not-kept': 'only what tokens say of themselves could tell, and it is not kept',
  'metadata-unknown': 'what a token says of itself was not fetched, or may have changed since',
  unavailable: 'no node could be asked at the block',
}

const kinds: Readonly<Record<Clause['kind'], string>> = {
  erc721: 'tokens',
  punks: 'punks',
  traits: 'tokens with these traits',
  erc1155: 'units',
  erc20: 'raw units',
  all: 'parts',
  any: 'parts',
  'at-least': 'parts',
  not: 'parts',
}

/**
 * Why a decision is as it is, in one sentence for people: of the first clause that has no parts and the answer of the
 * whole.
 */
export function explainDecision({ answer, reason, block, clauses }: Decision): string {
  const at = block ? ` at block ${block.number}` : ''
  const clause =
    clauses.find((each) => each.answer === answer && each.reason === reason && !hasParts(each)) ??
    clauses[0]
  if (!clause) return `${said[answer]}${at}: ${words[reason]}`
  const { path, found, needed, kind } = clause
  return `${said[answer]}${at}: ${words[reason]} (${path}: ${found} of ${needed} ${kinds[kind]})`
}

const said = { yes: 'Yes', no: 'No', unknown: 'Not known' } as const

const hasParts = ({ kind }: Clause): boolean =>
  kind === 'all' || kind === 'any' || kind === 'at-least' || kind === 'not'
