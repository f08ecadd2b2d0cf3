import { listChains } from '#api/chains.ts'
import { chain } from '#resources/chains.ts'
import { toJson } from '#resources/json.ts'
import { z } from 'zod'
import { readParameters } from './parameters.ts'
import type { RouteOf } from './route.ts'

const parameters = z.strictObject({})

/** The chains that are served. No block is told beside them: each has its own. */
export const chains: RouteOf = (api) => ({
  path: '/v1/chains',
  operations: {
    get: {
      id: 'listChains',
      summary: 'The chains that are served, the default one first, and how each is now.',
      parameters,
      returns: { page: chain },
      block: null,
      example: () => ({}),
    },
  },
  async get(req, res) {
    readParameters(parameters, req)
    const items = (await listChains(api)).map((each) => toJson(chain, each))
    res.setHeader('cache-control', 'no-store')
    res.json({ items, nextCursor: null })
  },
})
