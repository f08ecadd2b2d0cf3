import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import type { QuoteInput as Wanted, QuoteOutcome } from '#core/dex/quote.ts'
import { invalidField } from '#core/errors.ts'
import {
  legsOf,
  parseInput,
  poolsOfLeg,
  quoteValues,
  toQuoteInput,
  toSimulateInput,
} from '#api/quote-input.ts'
import { swapSide } from '#resources/quotes.ts'
import { builder } from './builder.ts'
import { QuoteResult } from './quote-types.ts'
import { enumOf } from './resources.ts'

const SwapSide = enumOf(swapSide)

const StateChoice = builder.enumType('StateChoice', {
  values: { LIVE: { value: 'live' }, INDEXED: { value: 'indexed' } } as const,
})

const QuoteInput = builder.inputType('QuoteInput', {
  fields: (t) => ({
    tokenIn: t.field({
      type: 'Address',
      required: true,
      description: 'The address zero is the chain’s own currency.',
    }),
    tokenOut: t.field({ type: 'Address', required: true }),
    amount: t.field({
      type: 'BigInt',
      required: true,
      description: 'Raw units of the token whose side is fixed.',
    }),
    exact: t.field({ type: SwapSide, required: true, defaultValue: 'in' }),
    maxHops: t.int({ description: 'From 1 to 4; 3 unless given.' }),
    maxParts: t.int({
      description: 'Into how many parts the amount may be split: from 1 to 20; 20 unless given.',
    }),
    slippageBps: t.int({ description: 'From 0 to 10000; 50 unless given.' }),
    at: t.int({ description: 'A past block; the newest unless given.' }),
    state: t.field({
      type: StateChoice,
      description: 'Of the newest block: from the chain or from the index; whichever stands there.',
    }),
    recipient: t.field({
      type: 'Address',
      description: 'Who is to receive what is bought: with it there is a transaction.',
    }),
    deadlineSeconds: t.int({ description: 'From 1 to 2592000; 1200 unless given.' }),
    alternatives: t.int({
      description: 'How many next best paths to explain: from 0 to 10; 0 unless given.',
    }),
  }),
})

const SimulateLegInput = builder.inputType('SimulateLegInput', {
  fields: (t) => ({
    amount: t.field({
      type: 'BigInt',
      required: true,
      description: 'Raw units of the token whose side is fixed.',
    }),
    tokenIn: t.field({ type: 'Address', required: true }),
    pools: t.stringList({
      required: true,
      description: 'Addresses, or ids of V4 pools, from the token that is sold on.',
    }),
  }),
})

const SimulateSwapInput = builder.inputType('SimulateSwapInput', {
  fields: (t) => ({
    exact: t.field({ type: SwapSide, required: true, defaultValue: 'in' }),
    legs: t.field({ type: [SimulateLegInput], required: true }),
    tokenOut: t.field({
      type: 'Address',
      description:
        'The address zero where what is bought is to arrive unwrapped; else what the legs lead to.',
    }),
    slippageBps: t.int({ description: 'From 0 to 10000; 50 unless given.' }),
    at: t.int({ description: 'A past block; the newest unless given.' }),
    state: t.field({ type: StateChoice }),
    recipient: t.field({ type: 'Address' }),
    deadlineSeconds: t.int({ description: 'From 1 to 2592000; 1200 unless given.' }),
  }),
})

/** The scalar has looked at it. */
const address = z.custom<Address>()

const quoteInput = z.object({
  tokenIn: address,
  tokenOut: address,
  amount: quoteValues.amount,
  exact: quoteValues.exact,
  maxHops: quoteValues.maxHops.nullish(),
  maxParts: quoteValues.maxParts.nullish(),
  slippageBps: quoteValues.slippageBps.nullish(),
  at: quoteValues.at.nullish(),
  state: quoteValues.state.nullish(),
  recipient: address.nullish(),
  deadlineSeconds: quoteValues.deadlineSeconds.nullish(),
  alternatives: quoteValues.alternatives.nullish(),
})

const simulateInput = z.object({
  exact: quoteValues.exact,
  legs: legsOf(z.object({ amount: quoteValues.amount, tokenIn: address, pools: poolsOfLeg })),
  tokenOut: address.nullish(),
  slippageBps: quoteValues.slippageBps.nullish(),
  at: quoteValues.at.nullish(),
  state: quoteValues.state.nullish(),
  recipient: address.nullish(),
  deadlineSeconds: quoteValues.deadlineSeconds.nullish(),
})

const readQuote = (input: unknown): Wanted => toQuoteInput(parseInput(quoteInput, input))

/** `Query.quote`, `Query.simulateSwap` and `Subscription.quoteUpdates` */
export function addQuotes(): void {
  builder.queryFields((t) => ({
    quote: t.field({
      type: QuoteResult,
      nullable: false,
      description: 'The best route for a swap.',
      args: { input: t.arg({ type: QuoteInput, required: true }) },
      resolve: async (_root, { input }, context) =>
        (await context.quoter()).quote(readQuote(input)),
    }),
    simulateSwap: t.field({
      type: QuoteResult,
      nullable: false,
      description: 'What a swap does along a route that is given.',
      args: { input: t.arg({ type: SimulateSwapInput, required: true }) },
      resolve: async (_root, { input }, context) =>
        (await context.quoter()).simulate(toSimulateInput(parseInput(simulateInput, input))),
    }),
  }))

  builder.subscriptionField('quoteUpdates', (t) =>
    t.field({
      type: QuoteResult,
      nullable: false,
      description:
        'The quote now, and again at each block that changes it. With a recipient every block does: the deadline of the ' +
        'transaction moves.',
      args: { input: t.arg({ type: QuoteInput, required: true }) },
      subscribe(_root, { input }, context) {
        if (input.at != null) throw invalidField('at', 'what a past block gives does not change')
        return context.quoteUpdates(readQuote(input))
      },
      resolve: (outcome: QuoteOutcome) => outcome,
    }),
  )
}
