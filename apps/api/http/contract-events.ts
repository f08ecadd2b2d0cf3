import { z } from 'zod'
import { listContractEvents } from '#core/events/list-contract-events.ts'
import { refuseInverted } from '#core/page.ts'
import { logCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { EVENTS_POINTS } from '#api/rate-limit.ts'
import { EVENT_OF_CONTRACT, words } from '#api/words.ts'
import { contractEvent, declaredContract } from '#resources/contract-events.ts'
import { endpoint } from './endpoint.ts'
import { address, after, block, limit, orderOfEvents } from './parameters.ts'

export const eventsOfContract = endpoint({
  path: '/v1/contracts/:address/events',
  id: 'listContractEvents',
  summary:
    'Events of a contract as the configuration declares them, newest first unless asked otherwise. A page of one ' +
    'event among many may have fewer than asked for, and still go on.',
  returns: { page: contractEvent },
  points: EVENTS_POINTS,
  refuses: [{ status: 404, when: 'The contract is no source of the kind contract-events.' }],
  example: ({ contract }) => ({ address: contract, limit: '2' }),
  parameters: {
    address,
    event: z
      .string(words(EVENT_OF_CONTRACT))
      .min(1, words(EVENT_OF_CONTRACT))
      .max(200, words(EVENT_OF_CONTRACT))
      .optional()
      .describe('Only this event, by its name or its signature.'),
    fromBlock: block.optional().describe('Only events in this block or above.'),
    toBlock: block.optional().describe('Only events in this block or below.'),
    order: orderOfEvents,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(logCursor).optional(),
  },
  async answer(ports, view, { address: contract, order, ...input }) {
    const { event, fromBlock, toBlock } = input
    refuseInverted({ field: 'fromBlock', value: fromBlock }, { field: 'toBlock', value: toBlock })
    const { items, next } = await listContractEvents(ports, view, {
      contract,
      oldestFirst: order === 'asc',
      limit: input.limit,
      ...(event !== undefined && { event }),
      ...(fromBlock !== undefined && { fromBlock }),
      ...(toBlock !== undefined && { toBlock }),
      ...(input.after && { after: input.after }),
    })
    return { items, nextCursor: next ? logCursor.encode(next) : null }
  },
})

export const contracts = endpoint({
  path: '/v1/contracts',
  id: 'listContracts',
  summary: 'Contracts whose events are indexed as the configuration declares them, and these.',
  returns: { page: declaredContract },
  parameters: {},
  answer: async ({ declaredContracts }) => ({
    items: [...declaredContracts],
    nextCursor: null,
  }),
})
