import type { Decision } from '#core/ownership/decision.ts'
import { invalidField } from '#core/errors.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { refuseUnknownTraits } from '#core/ownership/refuse-unknown-traits.ts'
import { WALLETS_MAX } from '#api/ownership-input.ts'
import { decision, finality } from '#resources/ownership.ts'
import { builder } from './builder.ts'
import { enumOf, typeOf } from './resources.ts'

const Finality = enumOf(finality)
const OwnershipDecision = typeOf(decision)

const TOKEN_IDS = 'Ids, or ranges like "10-20"'

const DELEGATES =
  'Whether what others hold and have delegated to a wallet (delegate.xyz, version 2) counts; false unless given.'

const Erc721RuleInput = builder.inputType('Erc721RuleInput', {
  description: 'So many tokens of an ERC-721 collection, of all wallets together.',
  fields: (t) => ({
    collection: t.field({ type: 'Address', required: true }),
    tokenIds: t.stringList({ description: `${TOKEN_IDS}; any token unless given.` }),
    min: t.field({ type: 'BigInt', description: 'How many; 1 unless given.' }),
    heldForBlocks: t.int({ description: 'For at least so many blocks.' }),
    heldForDays: t.int({ description: 'For at least so many days.' }),
    delegates: t.boolean({ description: DELEGATES }),
  }),
})

const Erc1155RuleInput = builder.inputType('Erc1155RuleInput', {
  description: 'So many units of tokens of an ERC-1155 contract, over all ids and wallets.',
  fields: (t) => ({
    collection: t.field({ type: 'Address', required: true }),
    tokenIds: t.stringList({ required: true, description: `${TOKEN_IDS}.` }),
    min: t.field({ type: 'BigInt', description: 'How many; 1 unless given.' }),
    delegates: t.boolean({ description: DELEGATES }),
  }),
})

const Erc20RuleInput = builder.inputType('Erc20RuleInput', {
  description: 'So much of an ERC-20 token, of all wallets together.',
  fields: (t) => ({
    token: t.field({ type: 'Address', required: true }),
    min: t.field({ type: 'BigInt', description: 'Raw units; 1 unless given.' }),
    delegates: t.boolean({ description: DELEGATES }),
  }),
})

const PunksRuleInput = builder.inputType('PunksRuleInput', {
  description: 'So many CryptoPunks, of all wallets together.',
  fields: (t) => ({
    collection: t.field({ type: 'Address', required: true }),
    tokenIds: t.stringList({ description: `${TOKEN_IDS}; any of them unless given.` }),
    min: t.field({ type: 'BigInt', description: 'How many; 1 unless given.' }),
    delegates: t.boolean({ description: DELEGATES }),
  }),
})

const TraitInput = builder.inputType('TraitInput', {
  description: 'A trait with one of these values.',
  fields: (t) => ({
    traitType: t.string({ required: true }),
    values: t.stringList({ required: true }),
  }),
})

const TraitsRuleInput = builder.inputType('TraitsRuleInput', {
  description: 'So many tokens of an ERC-721 collection that have all of these traits.',
  fields: (t) => ({
    collection: t.field({ type: 'Address', required: true }),
    traits: t.field({ type: [TraitInput], required: true }),
    min: t.field({ type: 'BigInt', description: 'How many; 1 unless given.' }),
    delegates: t.boolean({ description: DELEGATES }),
  }),
})

const RuleInput = builder.inputRef('OwnershipRuleInput')
const AtLeastRuleInput = builder.inputRef('AtLeastRuleInput')

AtLeastRuleInput.implement({
  description: 'So many of several rules.',
  fields: (t) => ({
    count: t.int({ required: true }),
    of: t.field({ type: [RuleInput], required: true }),
  }),
})

RuleInput.implement({
  description: 'What a person has to own: one of these.',
  fields: (t) => ({
    erc721: t.field({ type: Erc721RuleInput }),
    erc1155: t.field({ type: Erc1155RuleInput }),
    erc20: t.field({ type: Erc20RuleInput }),
    punks: t.field({ type: PunksRuleInput }),
    traits: t.field({ type: TraitsRuleInput }),
    all: t.field({ type: [RuleInput] }),
    any: t.field({ type: [RuleInput] }),
    atLeast: t.field({ type: AtLeastRuleInput }),
    not: t.field({ type: RuleInput }),
  }),
})

/** `Query.ownership` */
export function addOwnership(): void {
  builder.queryField('ownership', (t) =>
    t.field({
      type: OwnershipDecision,
      nullable: false,
      description:
        'Whether the wallets of a person own what a rule says, and why not. It is read at a block of its own, which need ' +
        'not be that of other fields of the answer.',
      args: {
        rule: t.arg({ type: RuleInput, required: true }),
        wallets: t.arg({ type: ['Address'], required: true, description: 'Of one person.' }),
        finality: t.arg({
          type: Finality,
          required: true,
          defaultValue: 'latest',
          description: 'How sure the chain has to be of the block that everything is read at.',
        }),
      },
      async resolve(_root, { rule, wallets, finality: at }, context) {
        if (wallets.length === 0 || wallets.length > WALLETS_MAX)
          throw invalidField('wallets', `it takes a list of 1 to ${WALLETS_MAX} addresses`)
        const parsed = parseRule(rule)
        const checker = await context.ownership()
        const { metadata, settings } = context.ports
        await refuseUnknownTraits(metadata, settings.chain.id, parsed)
        const [decided] = await checker.check({ rule: parsed, finality: at, people: [wallets] })
        return decided as Decision
      },
    }),
  )
}
