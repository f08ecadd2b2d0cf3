import { z } from 'zod'
import { CHAIN_PROFILE_NAMES } from '#core/indexing/chain-profiles.ts'

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'not an address (0x and 40 hex digits)')
  .meta({ id: 'Address', description: '20 bytes as 0x and 40 hex digits' })

const block = z.int('not a block number').min(0, 'not a block number')

const startBlock = block
  .optional()
  .meta({ description: 'Where to begin when no ranges are named: the block of its creation' })

const feeBps = z
  .number()
  .min(0)
  .max(10_000, 'more than 100 %')
  .refine((bps) => Number.isInteger(bps * 100), 'finer than 0.01 basis points')
  .meta({ description: 'LP fee in basis points: 30 = 0.30 %' })

const feePips = z
  .int()
  .min(0)
  .max(1_000_000, 'more than 100 %')
  .meta({ description: 'LP fee in hundredths of a basis point: 3000 = 0.30 %' })

const uniswapV2 = z.strictObject({
  kind: z.literal('uniswap-v2'),
  factory: address,
  startBlock,
  feeBps: feeBps.default(30),
})

const uniswapV3 = z.strictObject({
  kind: z.literal('uniswap-v3'),
  factory: address,
  startBlock,
  positionManager: address.optional(),
  quoter: address.optional(),
})

const poolV2 = z.strictObject({
  kind: z.literal('pool'),
  protocol: z.literal('uniswap-v2'),
  address,
  token0: address,
  token1: address,
  feeBps: feeBps.default(30),
  startBlock,
})

const poolV3 = z.strictObject({
  kind: z.literal('pool'),
  protocol: z.literal('uniswap-v3'),
  address,
  token0: address,
  token1: address,
  fee: feePips,
  startBlock,
})

const pool = z.discriminatedUnion('protocol', [poolV2, poolV3])
const erc721 = z.strictObject({ kind: z.literal('erc721'), address, startBlock })
const erc1155 = z.strictObject({ kind: z.literal('erc1155'), address, startBlock })

const source = z.discriminatedUnion('kind', [uniswapV2, uniswapV3, pool, erc721, erc1155])

const url = z.string().refine((text) => {
  const parsed = URL.parse(text)
  return parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:')
}, 'not an http or https URL')

const endpoint = z.strictObject({
  url,
  requestsPerSecond: z
    .number()
    .min(0.1, 'at least 0.1')
    .max(10_000, 'at most 10000')
    .optional()
    .meta({
      description:
        'How often this endpoint is asked at most; what it refuses slows it down further',
    }),
  atOnce: z
    .int()
    .min(1, 'at least 1')
    .max(256, 'at most 256')
    .default(16)
    .meta({ description: 'How many requests to this endpoint are under way at most' }),
})

const chain = z.strictObject({
  id: z.int('not a chain id').positive('not a chain id'),
  rpc: z
    .array(
      z.union([url, endpoint], { error: 'neither an http or https URL nor an object with a url' }),
    )
    .min(1, 'at least one URL')
    .meta({
      description: 'In the order of preference; as an object where it is to be asked slowly',
    }),
  finality: z
    .union([z.literal('finalized'), z.int().min(0).max(100_000)], {
      error: '"finalized" or a number of blocks',
    })
    .default('finalized')
    .meta({
      description: 'The chain’s finalized tag, or how many blocks below the head are final',
    }),
  poll: z
    .int()
    .min(10, 'at least 10 ms')
    .max(600_000, 'at most 600000 ms')
    .default(1_000)
    .meta({ description: 'How often to look for a new block, in milliseconds' }),
  proof: z.enum(['auto', 'receipts', 'bloom']).default('auto').meta({
    description:
      'auto: all receipts of every block whose bloom may hold a log that is asked for. receipts: of every block. bloom: below the finalized block eth_getLogs is believed where the bloom does not contradict it, for those who trust their node',
  }),
  profile: z.enum(CHAIN_PROFILE_NAMES).optional().meta({
    description: 'What the chain’s headers prove; left out, the one that fits chain.id',
  }),
  headerHash: z.boolean().optional().meta({
    description:
      'false where headers do not hash to their hash in a way that a profile knows; left out, as the profile says',
  }),
  receiptsRoot: z.boolean().optional().meta({
    description:
      'false where receiptsRoot commits to nothing, so that the nodes’ word is taken; left out, as the profile says',
  }),
})

const store = z
  .string()
  .regex(
    /^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/,
    'neither sqlite:PATH nor a mongodb:// connection string',
  )
  .default('sqlite:./halyard.db')
  .meta({ description: 'sqlite:PATH (relative to this file) or mongodb://HOST/DATABASE' })

/** Each is looked at in every search; chains have a handful. */
const HUBS_MAX = 32
/** They are looked at in every search of their tokens. */
const QUOTED_POOLS_MAX = 1_000

const port = z.int().min(0).max(65_535)

const api = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(4_000),
  metricsHost: z.string().min(1).default('127.0.0.1').meta({
    description:
      'Where metrics listen, whatever host is; 0.0.0.0 where a scraper of another machine asks',
  }),
  metricsPort: port.default(9_464),
  development: z
    .boolean()
    .default(false)
    .meta({ description: 'Serves GraphiQL and tells clients the cause of internal errors' }),
  lagSecondsMax: z.int().min(1).default(60).meta({
    description:
      '/ready answers 503 when the newest indexed block is older than the chain’s by more',
  }),
  proxies: z.int().min(0).max(10).default(0).meta({
    description:
      'How many proxies stand before the API: clients are told apart by X-Forwarded-For, as far as those proxies wrote it',
  }),
  ratePerSecond: z.int().min(0).max(1_000_000).default(200).meta({
    description:
      'Points that a client gets back each second: a request costs 1, a quote 10 more; 0 for no limit',
  }),
  rateBurst: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2_000)
    .meta({ description: 'Points that a client may spend at once' }),
})

const indexer = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  metricsPort: port.default(9_465),
})

const poolV4 = z.strictObject({
  protocol: z.literal('uniswap-v4'),
  manager: address.meta({ description: 'The PoolManager that keeps it' }),
  token0: address,
  token1: address,
  fee: feePips,
  tickSpacing: z.int().min(1).max(32_767, 'more than any pool has'),
})

const quotes = z.strictObject({
  router: address.optional().meta({
    description:
      'Uniswap’s SwapRouter02, or a fork of it over the factories that are indexed: transactions are made for it, and tried out on it',
  }),
  wrappedNative: address
    .optional()
    .meta({ description: 'What gas is paid in, as a token; with it routes are ranked after gas' }),
  nativeSymbol: z
    .string()
    .regex(/^[!-~]{1,12}$/, 'not 1 to 12 letters, digits or signs')
    .default('ETH')
    .meta({ description: 'What the chain’s own currency is called' }),
  hubs: z
    .array(address)
    .max(HUBS_MAX, `more than ${HUBS_MAX}`)
    .default([])
    .meta({ description: 'Tokens that routes pass through where there are many pools' }),
  pools: z
    .array(poolV4)
    .max(QUOTED_POOLS_MAX, `more than ${QUOTED_POOLS_MAX}`)
    .default([])
    .meta({ description: 'Uniswap V4 pools with a static fee and without hooks' }),
})

export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    chain,
    store,
    sources: z.array(source).min(1, 'at least one source'),
    api: api.prefault({}),
    indexer: indexer.prefault({}),
    quotes: quotes.prefault({}),
  })
  .meta({ id: 'HalyardConfig', title: 'Halyard configuration' })

export type ConfigFile = z.output<typeof configSchema>

/** The JSON Schema (draft 2020-12) of what a configuration file may hold. */
export const configJsonSchema = (): object => z.toJSONSchema(configSchema, { io: 'input' })
