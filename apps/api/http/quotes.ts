import { z } from 'zod'
import {
  legsOf,
  parseInput,
  poolsOfLeg,
  quoteValues,
  toQuoteInput,
  toSimulateInput,
} from '#api/quote-input.ts'
import { quote } from '#resources/quotes.ts'
import { AMOUNT, words } from '#api/words.ts'
import { chainAlone, chainOf, chainParameter, onlyChain } from './chain-parameter.ts'
import { jsonBody } from './json-body.ts'
import { QUOTE_POINTS } from '#api/rate-limit.ts'
import type { Operation } from './operation.ts'
import { address, numeric, readParameters } from './parameters.ts'
import { sendOutcome } from './quote-answer.ts'
import type { RouteOf } from './route.ts'

/** Longer than any amount, so that one that is too large is told so. */
const amount = z
  .string(words(AMOUNT))
  .regex(/^\d{1,200}$/, words(AMOUNT))
  .transform(BigInt)
  .pipe(quoteValues.amount)

const quoteParameters = z.strictObject({
  tokenIn: address.describe('What is sold; the address zero is the chain’s own currency.'),
  tokenOut: address.describe('What is bought.'),
  amount: amount.describe('Raw units of the token whose side is fixed.'),
  exact: quoteValues.exact.default('in').describe('Which side is fixed: what is sold or bought.'),
  maxHops: numeric(quoteValues.maxHops)
    .optional()
    .describe('Pools one after the other; 3 unless given.'),
  maxParts: numeric(quoteValues.maxParts)
    .optional()
    .describe('Into how many parts the amount may be split; 20 unless given.'),
  slippageBps: numeric(quoteValues.slippageBps)
    .optional()
    .describe('How far the price may move, in basis points; 50 unless given.'),
  at: numeric(quoteValues.at).optional().describe('A past block; the newest unless given.'),
  recipient: address
    .optional()
    .describe('Who is to receive what is bought: with it there is a transaction.'),
  deadlineSeconds: numeric(quoteValues.deadlineSeconds)
    .optional()
    .describe('How long the transaction holds; 1200 unless given.'),
  alternatives: numeric(quoteValues.alternatives)
    .optional()
    .describe('How many next best paths to explain; 0 unless given.'),
  state: quoteValues.state
    .optional()
    .describe('States of the newest block from the chain or the index; whichever stands there.'),
  chain: chainParameter,
})

/** Both answer with a quote, or with a problem that says why there is none. */
const answers = {
  returns: { item: quote },
  block: 'QuoteBlock',
  refuses: [{ status: 422, when: 'There is no quote: `refusal` says why.' }],
} as const satisfies Partial<Operation>

/** The best route now, or at a past block. */
export const quotes: RouteOf = (api) => ({
  path: '/v1/quotes',
  operations: {
    get: {
      id: 'quoteSwap',
      summary: 'The best route for a swap, and what it gives to the wei.',
      parameters: quoteParameters,
      ...answers,
      example: ({ token, otherToken, amount: some }) => ({
        parameters: { tokenIn: token, tokenOut: otherToken, amount: some },
      }),
    },
  },
  points: QUOTE_POINTS,
  async get(req, res) {
    const { ports } = chainOf(api, req)
    const { chain: _, ...given } = readParameters(quoteParameters, req)
    await sendOutcome(res, ports, await ports.quoter.quote(toQuoteInput(given)))
  },
})

/** A route of the most legs and hops, written at leisure, takes a quarter of it. */
const BODY_BYTES_MAX = 32_000

const simulationBody = z.strictObject({
  exact: quoteValues.exact.default('in'),
  legs: legsOf(z.strictObject({ amount, tokenIn: address, pools: poolsOfLeg })),
  tokenOut: address.optional(),
  slippageBps: quoteValues.slippageBps.optional(),
  at: quoteValues.at.optional(),
  state: quoteValues.state.optional(),
  recipient: address.optional(),
  deadlineSeconds: quoteValues.deadlineSeconds.optional(),
})

/** What a given route does. */
export const simulations: RouteOf = (api) => ({
  path: '/v1/swaps/simulate',
  operations: {
    post: {
      id: 'simulateSwap',
      summary: 'What a swap does along a route that is given.',
      parameters: onlyChain,
      body: simulationBody,
      ...answers,
      example: ({ token, pool, amount: some }) => ({
        body: { legs: [{ amount: some, tokenIn: token, pools: [pool] }] },
      }),
    },
  },
  points: QUOTE_POINTS,
  post: [
    ...jsonBody(BODY_BYTES_MAX),
    async (req, res) => {
      const { ports } = chainAlone(api, req)
      const input = toSimulateInput(parseInput(simulationBody, req.body))
      await sendOutcome(res, ports, await ports.quoter.simulate(input))
    },
  ],
})
