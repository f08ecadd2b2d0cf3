import type {
  Answer,
  Clause,
  Decision,
  Finality,
  Reason,
  TimedBlock,
  TokenFinding,
  WalletFinding,
} from '#core/ownership/decision.ts'
import { explainDecision } from '#core/ownership/explain.ts'
import type { RuleKind } from '#core/ownership/rule.ts'
import {
  address,
  bigint,
  choice,
  field,
  hash,
  int,
  listOf,
  maybe,
  resource,
  text,
  time,
} from './resource.ts'

const answer = choice<Answer>(
  'OwnershipAnswer',
  { yes: {}, no: {}, unknown: { description: 'It neither grants nor revokes anything.' } },
  'Whether somebody owns what a rule says.',
)

export const finality = choice<Finality>('Finality', {
  latest: { description: 'The newest block, which a reorganisation may replace.' },
  safe: { description: 'The newest block that a reorganisation is not expected to replace.' },
  finalized: { description: 'The newest block that cannot be replaced any more.' },
})

/** What each reason says. */
export const reasonMembers = {
  met: { description: 'Enough is held, or the parts agree.' },
  delegated: { description: 'Enough is held, some of it by accounts that have delegated it.' },
  'too-few': { description: 'Everything was told, and it is less than needed.' },
  'held-too-short': { description: 'Enough is held, but not for long enough.' },
  escrowed: {
    description: 'A contract holds it that is not listed as an escrow of the collection.',
  },
  excluded: { description: 'What must not be held is held.' },
  'no-code': { description: 'There is no contract at the address.' },
  'wrong-interface': { description: 'The contract does not say that it is of this kind.' },
  'no-answer': { description: 'The contract gave up without a reason.' },
  'odd-answer': { description: 'The contract answered what its standard does not allow.' },
  'not-indexed': { description: 'Only transfers could tell, and they are not indexed.' },
  'index-behind': { description: 'The index does not reach the block.' },
  'index-incomplete': { description: 'The index lacks transfers that balances come from.' },
  'too-many-tokens': {
    description: 'More tokens would have to be looked at than one decision may.',
  },
  'metadata-not-kept': { description: 'Only metadata could tell, and it is not kept.' },
  'metadata-unknown': { description: 'Metadata was not fetched, or may have changed since.' },
  unavailable: { description: 'No node could be asked at the block.' },
} as const

const reason = choice<Reason>('OwnershipReason', reasonMembers)

const kind = choice<RuleKind>('OwnershipRuleKind', {
  erc721: {},
  erc1155: {},
  erc20: {},
  punks: {},
  traits: {},
  all: {},
  any: {},
  'at-least': {},
  not: {},
})

const walletFinding = resource<WalletFinding>('OwnershipWallet', 'What one wallet adds.', {
  wallet: field(address, ({ wallet }) => wallet),
  amount: maybe(bigint, ({ amount }) => amount, 'Tokens or units; null where it is not known.'),
  reason: maybe(reason, (of) => of.reason, 'Why it is not known, or not all of it.'),
  delegate: maybe(
    address,
    ({ delegate }) => delegate ?? null,
    'Where it is not a wallet of the person: the one that it has delegated to.',
  ),
})

const tokenFinding = resource<TokenFinding>('OwnershipToken', 'A token that counted.', {
  tokenId: field(bigint, ({ tokenId }) => tokenId),
  wallet: field(address, ({ wallet }) => wallet),
  escrow: maybe(address, ({ escrow }) => escrow, 'The contract that holds it for the wallet.'),
  since: maybe(
    int,
    ({ since }) => since,
    'The block that the wallet has had it since, where asked.',
  ),
  metadataBlock: maybe(
    int,
    ({ document }) => document?.block?.number ?? null,
    'Of a rule on traits: the block that the contract named its metadata at.',
  ),
  metadataFetchedAt: maybe(
    time,
    ({ document }) =>
      document?.fetchedAtMs == null ? null : Math.floor(document.fetchedAtMs / 1_000),
    'Of a rule on traits: when its metadata was fetched.',
  ),
})

const evidenceBlock = resource<TimedBlock>(
  'EvidenceBlock',
  'The block that everything of a decision was read at.',
  {
    number: field(int, ({ number }) => number),
    hash: field(hash, (of) => of.hash),
    timestamp: field(time, ({ timestamp }) => timestamp),
  },
)

const clause = resource<Clause>('OwnershipClause', 'What was found of one part of the rule.', {
  path: field(text, ({ path }) => path, 'Where it stands in the rule: `rule.all[0].erc721`.'),
  kind: field(kind, (of) => of.kind),
  answer: field(answer, (of) => of.answer),
  reason: field(reason, (of) => of.reason),
  needed: field(bigint, ({ needed }) => needed, 'Tokens, units or parts.'),
  found: field(bigint, ({ found }) => found, 'As much of it as is known to be there.'),
  wallets: field(listOf(walletFinding), ({ wallets }) => wallets),
  tokens: field(
    listOf(tokenFinding),
    ({ tokens }) => tokens,
    'Those that were looked up one by one.',
  ),
})

/** A decision on the wallets of one person. */
export const decision = resource<Decision>(
  'OwnershipDecision',
  'Whether somebody owns what a rule says, and all that this stands on.',
  {
    answer: field(answer, (of) => of.answer),
    reason: field(reason, (of) => of.reason),
    why: field(text, explainDecision, 'The same in a sentence.'),
    finality: field(finality, (of) => of.finality),
    block: maybe(evidenceBlock, ({ block }) => block, 'Null where no node could be asked for it.'),
    clauses: field(listOf(clause), ({ clauses }) => clauses, 'The whole rule first.'),
  },
)
