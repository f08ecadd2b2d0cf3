import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import type { Source } from '#core/catalogue.ts'
import type { DeclaredContract } from '#core/events/declared-contracts.ts'
import { declarationOf, parseDeclaration } from '#core/events/event-declaration.ts'
import type { AlgebraProtocol, SolidlyProtocol } from '#core/dex/event-bodies.ts'
import type { PoolProtocol } from '#core/dex/pool.ts'
import { pathText } from './path-text.ts'
import { section } from './section.ts'
import { address, blockNumber, feePips, toAddress } from './values.ts'

/** Contracts that are called, not indexed. */
type Periphery = {
  /** Its place in `sources`. */
  readonly index: number
  readonly positionManager?: Address
  readonly quoter?: Address
}

export type SourcesSettings = {
  readonly sources: readonly Source[]
  readonly periphery: readonly Periphery[]
  /** Events of contracts as they are written there: with the names of their values, which a source does without. */
  readonly declarations: readonly DeclaredContract[]
}

const startBlock = blockNumber
  .optional()
  .meta({ description: 'Where to begin when no ranges are named: the block of its creation' })

const feeBps = z
  .number()
  .min(0)
  .max(10_000, 'more than 100 %')
  .refine((bps) => Number.isInteger(bps * 100), 'finer than 0.01 basis points')
  .meta({ description: 'LP fee in basis points: 30 = 0.30 %' })

const FEE_UNTIL_TOLD =
  'LP fee in basis points that is shown until a swap tells it; quotes ask the factory'

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

const algebraFactory = (kind: AlgebraProtocol) =>
  z.strictObject({ kind: z.literal(kind), factory: address, startBlock })

const algebraPool = (protocol: AlgebraProtocol) =>
  z.strictObject({
    kind: z.literal('pool'),
    protocol: z.literal(protocol),
    address,
    token0: address,
    token1: address,
    fee: feePips.default(500).meta({
      description: 'Fee in pips that is shown until an event tells it; quotes ask the pool',
    }),
    startBlock,
  })

const solidlyFactory = (kind: SolidlyProtocol) =>
  z.strictObject({
    kind: z.literal(kind),
    factory: address,
    startBlock,
    volatileFeeBps: feeBps.default(30).meta({ description: FEE_UNTIL_TOLD }),
    stableFeeBps: feeBps.default(5).meta({ description: FEE_UNTIL_TOLD }),
  })

const solidlyPool = (protocol: SolidlyProtocol) =>
  z.strictObject({
    kind: z.literal('pool'),
    protocol: z.literal(protocol),
    address,
    token0: address,
    token1: address,
    stable: z.boolean().meta({ description: 'Whether it is a stable pair' }),
    feeBps: feeBps.default(30).meta({ description: FEE_UNTIL_TOLD }),
    startBlock,
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

const pool = z.discriminatedUnion('protocol', [
  poolV2,
  poolV3,
  solidlyPool('solidly'),
  solidlyPool('velodrome-v2'),
  algebraPool('algebra-v1'),
  algebraPool('algebra-integral'),
])
const uniswapV4 = z.strictObject({
  kind: z.literal('uniswap-v4'),
  address: address.meta({ description: 'The PoolManager' }),
  startBlock,
})
const v3Positions = z.strictObject({
  kind: z.literal('uniswap-v3-positions'),
  address: address.meta({ description: 'The NonfungiblePositionManager' }),
  startBlock,
})
const erc721 = z.strictObject({ kind: z.literal('erc721'), address, startBlock })
const erc1155 = z.strictObject({ kind: z.literal('erc1155'), address, startBlock })

const erc20 = z.strictObject({
  kind: z.literal('erc20'),
  address,
  wrapsNative: z.boolean().default(false).meta({
    description:
      'Whether it wraps the native currency as WETH9 does: Deposit and Withdrawal make and destroy units, without a Transfer',
  }),
  startBlock,
})

const declaration = z
  .string()
  .check((context) => {
    const declared = parseDeclaration(context.value)
    if (typeof declared === 'string')
      context.issues.push({ code: 'custom', input: context.value, message: declared })
  })
  .meta({ description: 'As Solidity declares it: Staked(address indexed account, uint256 amount)' })

const contractEvents = z.strictObject({
  kind: z.literal('contract-events'),
  address,
  events: z.array(declaration).min(1, 'at least one event').max(50, 'more than 50').meta({
    description: 'What is indexed of the contract, for lists and for rules that earn points by it',
  }),
  startBlock,
})

const anySource = z.discriminatedUnion('kind', [
  uniswapV2,
  uniswapV3,
  solidlyFactory('solidly'),
  solidlyFactory('velodrome-v2'),
  algebraFactory('algebra-v1'),
  algebraFactory('algebra-integral'),
  pool,
  uniswapV4,
  v3Positions,
  erc721,
  erc1155,
  erc20,
  contractEvents,
])

const schema = z.array(anySource).min(1, 'at least one source')

type Raw = z.output<typeof schema>

export const sourcesSection = section({
  schema,
  toSettings: (raw): SourcesSettings => ({
    sources: raw.map(toSource),
    periphery: raw.flatMap(toPeriphery),
    declarations: raw.flatMap((source) =>
      source.kind === 'contract-events'
        ? [{ address: toAddress(source.address), events: source.events }]
        : [],
    ),
  }),
  faults: describeDuplicates,
})

/** Two sources of one contract would count its events twice over. */
function describeDuplicates(sources: Raw): string[] {
  const seen = new Map<string, string>()
  const faults: string[] = []
  for (const [index, source] of sources.entries()) {
    const field = 'factory' in source ? 'factory' : 'address'
    const contract = ('factory' in source ? source.factory : source.address).toLowerCase()
    const path = pathText(['sources', index, field])
    const first = seen.get(contract)
    if (first) faults.push(`${path}: ${contract} is ${first} already`)
    else seen.set(contract, path)
    if (source.kind === 'contract-events') faults.push(...describeSameEvents(source.events, index))
    if (source.kind === 'pool' && source.token0.toLowerCase() >= source.token1.toLowerCase())
      faults.push(
        `${pathText(['sources', index, 'token0'])}: pools sort their tokens; swap the two`,
      )
  }
  return [...faults, ...describePoolless(sources)]
}

/** Whichever of them stood last would decide what is indexed of a value. */
function describeSameEvents(events: readonly string[], index: number): string[] {
  const signatures = events.map((text) => declarationOf(text).signature)
  return signatures.flatMap((signature, place) =>
    signatures.indexOf(signature) === place
      ? []
      : [
          `${pathText(['sources', index, 'events', place])}: ${signature} is there already; name it once`,
        ],
  )
}

/** Positions whose pools are unknown: their events alone name neither pool nor range. */
function describePoolless(sources: Raw): string[] {
  const hasPools = sources.some(
    (source) =>
      source.kind === 'uniswap-v3' || (source.kind === 'pool' && source.protocol === 'uniswap-v3'),
  )
  return sources.flatMap(({ kind }, index) =>
    kind === 'uniswap-v3-positions' && !hasPools
      ? [
          `${pathText(['sources', index, 'kind'])}: pools and ranges of positions are told by their pools; name the ` +
            'factory too, as {"kind": "uniswap-v3", "factory": "0x..."}, or single pools',
        ]
      : [],
  )
}

function toPeriphery(source: Raw[number], index: number): Periphery[] {
  if (source.kind !== 'uniswap-v3') return []
  const { positionManager, quoter } = source
  return [
    {
      index,
      ...(positionManager && { positionManager: toAddress(positionManager) }),
      ...(quoter && { quoter: toAddress(quoter) }),
    },
  ]
}

const PIPS_PER_BASIS_POINT = 100

const toPips = (bps: number): number => Math.round(bps * PIPS_PER_BASIS_POINT)

const protocolOf = (
  source: Extract<Raw[number], { kind: 'pool' }>,
): Exclude<PoolProtocol, 'uniswap-v4'> =>
  'stable' in source
    ? `${source.protocol}-${source.stable ? 'stable' : 'volatile'}`
    : source.protocol

function toSource(source: Raw[number]): Source {
  const first = source.startBlock ?? null
  switch (source.kind) {
    case 'uniswap-v2':
      return {
        kind: source.kind,
        factory: toAddress(source.factory),
        feePips: toPips(source.feeBps),
        startBlock: first,
      }
    case 'solidly':
    case 'velodrome-v2':
      return {
        kind: source.kind,
        factory: toAddress(source.factory),
        volatileFeePips: toPips(source.volatileFeeBps),
        stableFeePips: toPips(source.stableFeeBps),
        startBlock: first,
      }
    case 'uniswap-v3':
    case 'algebra-v1':
    case 'algebra-integral':
      return {
        kind: source.kind,
        factory: toAddress(source.factory),
        feePips: null,
        startBlock: first,
      }
    case 'pool':
      return {
        kind: source.kind,
        protocol: protocolOf(source),
        address: toAddress(source.address),
        token0: toAddress(source.token0),
        token1: toAddress(source.token1),
        feePips: 'fee' in source ? source.fee : toPips(source.feeBps),
        startBlock: first,
      }
    case 'uniswap-v4':
    case 'uniswap-v3-positions':
    case 'erc721':
    case 'erc1155':
      return { kind: source.kind, address: toAddress(source.address), startBlock: first }
    case 'erc20':
      return {
        kind: source.kind,
        address: toAddress(source.address),
        wrapsNative: source.wrapsNative,
        startBlock: first,
      }
    case 'contract-events':
      return {
        kind: source.kind,
        address: toAddress(source.address),
        events: source.events.map((text) => declarationOf(text).form).toSorted(),
        startBlock: first,
      }
    default:
      return source satisfies never
  }
}
