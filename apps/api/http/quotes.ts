import { z } from 'zod'
import {
  legsOf,
  parseInput,
  poolsOfLeg,
  quoteValues,
  toQuoteInput,
  toSimulateInput,
} from '#api/quote-input.ts'
import { jsonBody } from './json-body.ts'
import { QUOTE_POINTS } from '#api/rate-limit.ts'
import { address, numeric, readParameters } from './parameters.ts'
import { sendOutcome } from './quote-answer.ts'
import type { RouteOf } from './route.ts'

/** Longer than any amount, so that one that is too large is told so. */
const amount = z
  .string('not decimal digits in a string')
  .regex(/^\d{1,200}$/, 'not a whole number of raw units in decimal digits')
  .transform(BigInt)
  .pipe(quoteValues.amount)

const quoteParameters = z.strictObject({
  tokenIn: address,
  tokenOut: address,
  amount,
  exact: quoteValues.exact.default('in'),
  maxHops: numeric(quoteValues.maxHops).optional(),
  maxParts: numeric(quoteValues.maxParts).optional(),
  slippageBps: numeric(quoteValues.slippageBps).optional(),
  at: numeric(quoteValues.at).optional(),
  recipient: address.optional(),
  deadlineSeconds: numeric(quoteValues.deadlineSeconds).optional(),
  alternatives: numeric(quoteValues.alternatives).optional(),
  state: quoteValues.state.optional(),
})

/** The best route now, or at a past block. */
export const quotes: RouteOf = ({ ports }) => ({
  path: '/v1/quotes',
  points: QUOTE_POINTS,
  async get(req, res) {
    const input = toQuoteInput(readParameters(quoteParameters, req))
    await sendOutcome(res, ports, await ports.quoter.quote(input))
  },
})

/** A route of the most legs and hops, written at leisure, takes a quarter of it. */
const BODY_BYTES_MAX = 32_000

const simulationBody = z.strictObject(
  {
    exact: quoteValues.exact.default('in'),
    legs: legsOf(z.strictObject({ amount, tokenIn: address, pools: poolsOfLeg }, 'not an object')),
    tokenOut: address.optional(),
    slippageBps: quoteValues.slippageBps.optional(),
    at: quoteValues.at.optional(),
    state: quoteValues.state.optional(),
    recipient: address.optional(),
    deadlineSeconds: quoteValues.deadlineSeconds.optional(),
  },
  'not an object',
)

/** What a given route does. */
export const simulations: RouteOf = ({ ports }) => ({
  path: '/v1/swaps/simulate',
  points: QUOTE_POINTS,
  post: [
    ...jsonBody(BODY_BYTES_MAX),
    async (req, res) => {
      const input = toSimulateInput(parseInput(simulationBody, req.body))
      await sendOutcome(res, ports, await ports.quoter.simulate(input))
    },
  ],
})
