import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import type { Decision, Finality } from '#core/ownership/decision.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { refuseUnknownTraits } from '#core/ownership/refuse-unknown-traits.ts'
import { refuseTooLarge } from '#api/answer-budget.ts'
import { finality, walletsOf } from '#api/ownership-input.ts'
import { parseInput } from '#api/quote-input.ts'
import { BATCH_POINTS, CHECK_POINTS } from '#api/rate-limit.ts'
import { type Want, words } from '#api/words.ts'
import type { Ports } from '#api/wire.ts'
import { toJson } from '#resources/json.ts'
import { decision } from '#resources/ownership.ts'
import type { Subjects } from './examples.ts'
import { chainAlone, onlyChain } from './chain-parameter.ts'
import { jsonBody } from './json-body.ts'
import { address } from './parameters.ts'
import type { RouteOf } from './route.ts'

/** Judged by core, which knows every kind of rule. */
export const ownershipRule = z
  .looseObject({}, words({ want: 'a rule', example: '{"erc721": {"collection": "0x…"}}' }))
  .meta({
    description:
      'An object with one member: `erc721`, `erc1155`, `erc20`, `punks`, `traits`, `all`, `any`, `atLeast` or `not`. ' +
      '`{"all": [{"erc721": {"collection": "0x…", "tokenIds": ["1", "10-20"], "min": "2", "heldForDays": 7}}, ' +
      '{"not": {"erc20": {"token": "0x…", "min": "1000"}}}]}`',
  })

export const ownershipFinality = finality.default('latest').meta({
  description: 'How sure the chain has to be of the block that everything is read at.',
})

/** People of one request. */
const PEOPLE_MAX = 1_000
const PEOPLE: Want = {
  want: `a list of 1 to ${PEOPLE_MAX} people`,
  example: '[{ "wallets": ["0x…"] }]',
}

const oneBody = z.strictObject({
  rule: ownershipRule,
  wallets: walletsOf(address),
  finality: ownershipFinality,
})
const manyBody = z.strictObject({
  rule: ownershipRule,
  people: z
    .array(z.strictObject({ wallets: walletsOf(address) }), words(PEOPLE))
    .min(1, words(PEOPLE))
    .max(PEOPLE_MAX, words(PEOPLE)),
  finality: ownershipFinality,
})

const BODY_BYTES_MAX = 32_000
/** A thousand people of several wallets each. */
const BATCH_BYTES_MAX = 500_000

async function decide(
  { ownership, metadata, settings }: Ports,
  of: { readonly rule: unknown; readonly finality: Finality },
  people: readonly (readonly Address[])[],
): Promise<Decision[]> {
  const rule = parseRule(of.rule)
  await refuseUnknownTraits(metadata, settings.chain.id, rule)
  return ownership.check({ rule, finality: of.finality, people })
}

const exampleRule = ({ collection }: Subjects) => ({ erc721: { collection } })

/** Whether one person owns what a rule says, and why. */
export const ownershipCheck: RouteOf = (api) => ({
  path: '/v1/ownership/check',
  operations: {
    post: {
      id: 'checkOwnership',
      summary: 'Whether the wallets of a person own what a rule says, and why not.',
      parameters: onlyChain,
      body: oneBody,
      returns: { item: decision },
      block: null,
      example: (of) => ({ body: { rule: exampleRule(of), wallets: [of.account] } }),
    },
  },
  points: CHECK_POINTS,
  post: [
    ...jsonBody(BODY_BYTES_MAX),
    async (req, res) => {
      const { ports } = chainAlone(api, req)
      const { wallets, ...of } = parseInput(oneBody, req.body)
      const [decided] = await decide(ports, of, [wallets])
      res.setHeader('cache-control', 'no-store')
      res.json({ item: toJson(decision, decided as Decision) })
    },
  ],
})

/** The same for many people, all at one block. */
export const ownershipChecks: RouteOf = (api) => ({
  path: '/v1/ownership/checks',
  operations: {
    post: {
      id: 'checkOwnershipOfMany',
      summary:
        'Whether each of many people owns what a rule says: one decision each, in their order.',
      parameters: onlyChain,
      body: manyBody,
      returns: { page: decision },
      block: null,
      example: (of) => ({
        body: { rule: exampleRule(of), people: [{ wallets: [of.account] }] },
      }),
    },
  },
  points: BATCH_POINTS,
  post: [
    ...jsonBody(BATCH_BYTES_MAX),
    async (req, res) => {
      const { ports } = chainAlone(api, req)
      const { people, ...of } = parseInput(manyBody, req.body)
      const decided = await decide(
        ports,
        of,
        people.map(({ wallets }) => wallets),
      )
      const body = JSON.stringify({
        items: decided.map((each) => toJson(decision, each)),
        nextCursor: null,
      })
      refuseTooLarge(body)
      api.budget.hold(res.locals.principal, body.length, res)
      res.setHeader('cache-control', 'no-store')
      res.setHeader('content-type', 'application/json; charset=utf-8')
      res.end(body)
    },
  ],
})
