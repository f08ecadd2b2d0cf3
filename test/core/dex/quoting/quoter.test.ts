import { describe, expect, test, vi } from 'vitest'
import type { Address, BlockRef } from '#core/chain.ts'
import type { Pool } from '#core/dex/pool.ts'
import type {
  PoolTerms,
  QuotePorts,
  StateWant,
  TransferTax,
  TrialOutcome,
} from '#core/dex/ports.ts'
import type { ConcentratedState, PoolState } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { newPool } from '#core/dex/pool.ts'
import type { Quote, QuoteInput, QuoteOutcome } from '#core/dex/quote.ts'
import { createQuoter } from '#core/dex/quoter.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { staleView } from '#core/history/view.ts'
import { emptyWindow } from '#core/history/window.ts'
import { addressOf } from '../../../fakes/encode.ts'
import { ownIds } from '../../../fakes/own-ids.ts'

const [sold, between, bought] = [addressOf(0xa), addressOf(0xb), addressOf(0xc)]
const blockAt = (number: number): BlockRef => ({
  number,
  hash: `0x${number.toString(16).padStart(64, '0')}`,
})

const pair = (id: number, token0: Address, token1: Address): PoolTerms => ({
  id: addressOf(id),
  protocol: 'uniswap-v2',
  token0,
  token1,
  feePips: 3_000,
  tickSpacing: null,
  origin: null,
})
const reserves = (reserve0: bigint, reserve1: bigint): PoolState => ({
  kind: 'constant-product',
  reserve0,
  reserve1,
  feePips: 3_000,
})

/** A chain of listed pools, and an index that may have some too. */
function market(states: ReadonlyMap<PoolTerms, PoolState>, changes: Partial<QuoteSettings> = {}) {
  const world = {
    tip: blockAt(100) as BlockRef | undefined,
    view: undefined as View | undefined,
    canonical: new Set<string>(),
    stored: [] as Pool[],
    taxes: new Map<Address, TransferTax | undefined>(),
    scan: vi.fn<() => Pool[]>(),
    areTokensBusy: false,
    read: vi.fn<(wants: readonly StateWant[]) => (PoolState | undefined)[]>(),
    tried: { status: 'untried', reason: '' } as TrialOutcome,
  }
  world.scan.mockImplementation(() => world.stored)
  world.read.mockImplementation((wants) =>
    wants.map(({ pool }) => [...states].find(([terms]) => terms.id === pool.id)?.[1]),
  )
  const at = blockAt(50)
  const version = { number: at.number, commit: at.hash, move: 1 }
  const ports: QuotePorts = {
    views: {
      current: async () => world.view,
      asOneAnswer: (read) => read(),
      settledNow: () => undefined,
      canonical: async () => (block) =>
        block.number === at.number || world.canonical.has(block.commit),
    },
    heads: {
      upkeep: async () => ({ settledTo: 0, sweptTo: 0, cleanTo: 0 }),
      settledBlock: async (_chain: number, number: number) => blockAt(number),
    } as unknown as QuotePorts['heads'],
    tree: {
      scan: async () => world.scan().map((value) => ({ value, ...version })),
      read: async () => world.stored.map((value) => ({ value, ...version })),
      versions: async () => [],
    } as unknown as QuotePorts['tree'],
    events: { list: async () => [] },
    tip: { newest: async () => world.tip },
    tokens: {
      async read(addresses) {
        const decimals = world.areTokensBusy ? null : 18
        const unknownBecause = world.areTokensBusy ? ('busy' as const) : null
        return addresses.map((address) => ({
          address,
          symbol: 'T',
          name: 'T',
          decimals,
          unknownBecause,
        }))
      },
    },
    states: { read: async (_block, wants) => world.read(wants) },
    trials: {
      run: async (_block, trials) => trials.map(() => world.tried),
      // Whether it is prepared or not, a trial tells what became of it.
      prepare: () => Promise.reject(new AppError('unavailable', 'no node answers')),
    },
    taxes: {
      read: async (_block, tokens) =>
        tokens.map(({ token }) =>
          world.taxes.has(token) ? world.taxes.get(token) : { buyBps: 0, sellBps: 0 },
        ),
    },
    gasPrice: { weiPerGas: async () => 0n },
    clock: {
      nowMs: () => 0,
      monotonicMs: () => performance.now(),
      sleep: () => new Promise((resolve) => void setTimeout(resolve, 0)),
    },
  }
  const settings: QuoteSettings = {
    chainId: 1,
    router: null,
    wrappedNative: null,
    hubs: [],
    pools: [...states.keys()],
    ...changes,
  }
  return { world, quoter: createQuoter(ports, settings) }
}

/** A price of 1, and much liquidity all over. */
const flat: ConcentratedState = {
  kind: 'concentrated',
  sqrtPriceX96: sqrtPriceAtTick(0),
  tick: 0,
  liquidity: 10n ** 12n,
  feePips: 3_000,
  protocolFeePips: [0, 0],
  tickSpacing: 60,
  ticks: { fromWord: -58, toWord: 57, indexes: Int32Array.of(), nets: [] },
}

const viewAt = (block: BlockRef, move: number): View =>
  ({
    chainId: 1,
    head: {
      ...block,
      commit: block.hash,
      chainId: 1,
      move,
      projections: ownIds(1),
      coverage: [{ from: 0, to: block.number }],
    },
    floor: block,
    window: emptyWindow(),
  }) as unknown as View

const input: QuoteInput = {
  tokenIn: sold,
  tokenOut: bought,
  exact: 'in',
  amountRaw: 1_000n,
  maxParts: 1,
}
const filled = (outcome: QuoteOutcome): Quote => {
  if (outcome.status !== 'filled') throw new Error(`${outcome.status}: ${outcome.reason}`)
  return outcome
}
const codes = ({ warnings }: Quote): string[] => warnings.map(({ code }) => code)

describe('what a trial says', () => {
  const states = new Map([[pair(1, sold, bought), reserves(10n ** 12n, 10n ** 12n)]])
  const router = { address: addressOf(0x70), factoryV2: null, factoryV3: null }
  const wanted = { ...input, recipient: addressOf(0xd) }
  const tried = async (outcome: TrialOutcome): Promise<Quote> => {
    const { world, quoter } = market(states, { router })
    world.tried = outcome
    return filled(await quoter.quote(wanted))
  }

  test('decides whether there is a transaction: not for one that reverts', async () => {
    const quote = await tried({ status: 'reverted', reason: 'reverted: blocked' })
    expect(quote).toMatchObject({
      transaction: null,
      confirmation: { status: 'unconfirmed', cause: 'reverted', by: 'router' },
    })
    expect(codes(quote)).toContain('reverts')
  })

  test('leaves the transaction alone where nothing could be tried', async () => {
    const quote = await tried({ status: 'untried', reason: 'no slot' })
    expect(quote.confirmation).toMatchObject({ status: 'unconfirmed', cause: 'not-tried' })
    expect(quote.transaction).not.toBeNull()
  })

  test('takes the transaction away where it gives less than its own limit', async () => {
    const { amountIn, minimumReceived } = await tried({ status: 'untried', reason: '' })
    const received = minimumReceived as bigint
    const done = { status: 'done', spent: amountIn, gas: 1n } as const
    const within = await tried({ ...done, received })
    expect(within).toMatchObject({ confirmation: { status: 'differs' } })
    expect(within.transaction).not.toBeNull()
    const below = await tried({ ...done, received: received - 1n })
    expect(below.transaction).toBeNull()
    expect(codes(below)).toContain('beyond-limits')
  })

  test('or its absence, decides where nothing else makes sure of what arrives', async () => {
    const terms = { ...pair(1, sold, bought), protocol: 'uniswap-v3', tickSpacing: 60 } as const
    const { world, quoter } = market(new Map([[terms, reserves(0n, 0n)]]), { router })
    world.read.mockImplementation((wants) => wants.map(() => flat))
    world.taxes.set(bought, undefined)
    const unsure = filled(await quoter.quote(wanted))
    expect(unsure.transaction).toBeNull()
    expect(codes(unsure)).toContain('no-floor')
    // What is bought exactly is checked when the router has it.
    const exactOut = filled(await quoter.quote({ ...wanted, exact: 'out', amountRaw: 10n }))
    expect(exactOut.transaction?.data).toContain('df2ab5bb')
    world.tried = { status: 'done', spent: 999n, received: unsure.amountOut, gas: 1n }
    expect(filled(await quoter.quote({ ...wanted, amountRaw: 999n })).transaction).not.toBeNull()
  })
})

describe('a token that is passed through', () => {
  const direct = pair(1, sold, bought)
  const first = pair(2, sold, between)
  const second = pair(3, between, bought)
  const states = new Map([
    [direct, reserves(10n ** 12n, 10n ** 12n)],
    // Better by 5 %, which the tax of the token between is why.
    [first, reserves(10n ** 12n, 10n ** 12n)],
    [second, reserves(10n ** 12n, (10n ** 12n * 105n) / 100n)],
  ])

  test('and keeps a share of transfers is gone around', async () => {
    const { world, quoter } = market(states)
    world.taxes.set(between, { buyBps: 300, sellBps: 300 })
    const quote = filled(await quoter.quote(input))
    expect(quote.legs.map(({ hops }) => hops.map(({ pool }) => pool.id))).toEqual([[direct.id]])
    expect(codes(quote)).not.toContain('tax')
  })

  test('and keeps nothing is not', async () => {
    const { quoter } = market(states)
    expect(filled(await quoter.quote(input)).legs[0]?.hops).toHaveLength(2)
  })

  test('is told of where the caller chose the route', async () => {
    const { world, quoter } = market(states)
    world.taxes.set(between, { buyBps: 300, sellBps: 300 })
    const legs = [{ amountRaw: 1_000n, tokenIn: sold, pools: [first.id, second.id] }]
    expect(codes(filled(await quoter.simulate({ exact: 'in', legs })))).toContain('tax')
  })
})

test('a given route is refused where no router trades a taxed token so', async () => {
  const v2 = pair(1, sold, bought)
  const { world, quoter } = market(new Map([[v2, reserves(10n ** 12n, 10n ** 12n)]]))
  world.taxes.set(bought, { buyBps: 100, sellBps: 100 })
  const legs = [{ amountRaw: 1_000n, tokenIn: sold, pools: [v2.id] }]
  expect(await quoter.simulate({ exact: 'in', legs })).toMatchObject({ status: 'filled' })
  expect(await quoter.simulate({ exact: 'out', legs })).toMatchObject({
    status: 'no-route',
    reason: expect.stringContaining('keeps a share'),
  })
})

describe('too much at once', () => {
  test('is called busy, and not that there is no route', async () => {
    const { world, quoter } = market(new Map([[pair(1, sold, between), reserves(10n, 10n)]]))
    expect(await quoter.quote(input)).toMatchObject({ status: 'no-route' })
    world.areTokensBusy = true
    world.tip = blockAt(101)
    expect(await quoter.quote(input)).toMatchObject({
      status: 'busy',
      reason: 'too many tokens are being asked for; ask again later',
    })
  })

  test('does not keep a route from being found', async () => {
    const pool = pair(1, sold, bought)
    const { world, quoter } = market(new Map([[pool, reserves(10n ** 12n, 10n ** 12n)]]))
    world.areTokensBusy = true
    expect(await quoter.quote(input)).toMatchObject({ status: 'filled' })
  })

  test('is called busy where the states of pools cannot be read for it', async () => {
    const pool = pair(1, sold, bought)
    const { world, quoter } = market(new Map([[pool, reserves(10n ** 12n, 10n ** 12n)]]))
    world.read.mockImplementation(() => {
      throw new AppError('unavailable', 'the node is busy', { details: { reason: 'busy' } })
    })
    expect(await quoter.quote({ ...input, state: 'live' })).toMatchObject({ status: 'busy' })
  })
})

test('the most that a given route carries is of its own tokens, whichever pool stops it', async () => {
  const [first, second] = [pair(1, sold, between), pair(2, between, bought)]
  const { quoter } = market(
    new Map([
      [first, reserves(10n ** 30n, 10n ** 30n)],
      // Reserves are uint112, so it cannot take in as much as the other gives.
      [second, reserves(2n ** 112n - 10n ** 6n, 10n ** 30n)],
    ]),
  )
  const leg = { tokenIn: sold, pools: [first.id, second.id] }
  const simulate = (amountRaw: bigint) =>
    quoter.simulate({ exact: 'in', legs: [{ ...leg, amountRaw }] })
  const outcome = await simulate(10n ** 9n)
  if (outcome.status !== 'insufficient-liquidity') throw new Error(outcome.status)
  const { amountIn, amountOut } = outcome.largest
  const most = filled(await simulate(amountIn))
  expect(most).toMatchObject({ amountIn, amountOut })
  expect(await simulate(amountIn + 2n)).toMatchObject({ status: 'insufficient-liquidity' })
})

describe('a view of the index', () => {
  const stored = newPool({
    address: addressOf(1),
    protocol: 'uniswap-v2',
    factory: addressOf(0xfac),
    token0: sold,
    token1: bought,
    feePips: 3_000,
    createdBlock: 1,
  })
  const open = () => {
    const opened = market(new Map())
    opened.world.stored = [{ ...stored, reserve0: 10n ** 12n, reserve1: 10n ** 12n }]
    opened.world.view = viewAt(blockAt(60), 1)
    opened.world.tip = undefined
    return opened
  }

  test.each([{}, { state: 'indexed' }] as const)(
    'that is swept while it is read is taken anew, %o',
    async (state) => {
      const { world, quoter } = open()
      world.scan.mockImplementationOnce(() => {
        world.view = viewAt(blockAt(61), 2)
        throw staleView(viewAt(blockAt(60), 1))
      })
      expect(filled(await quoter.quote({ ...input, ...state })).block).toEqual(blockAt(61))
    },
  )

  test('that a reorg leaves while it is read is taken anew', async () => {
    const { world, quoter } = open()
    world.canonical.add(blockAt(61).hash)
    world.scan.mockImplementationOnce(() => {
      world.view = viewAt(blockAt(61), 2)
      // A hole: the pool was swept with its branch.
      return []
    })
    expect(filled(await quoter.quote(input)).block).toEqual(blockAt(61))
  })

  test('is told to be behind as soon as it is', async () => {
    const { world, quoter } = open()
    world.tip = blockAt(60)
    const ask = async () => codes(filled(await quoter.quote({ ...input, state: 'indexed' })))
    expect(await ask()).not.toContain('stale-state')
    world.tip = blockAt(61)
    expect(await ask()).toContain('stale-state')
  })

  test('questions about the past do not push out what is known of the newest block', async () => {
    const { world, quoter } = open()
    world.tip = blockAt(60)
    await quoter.quote(input)
    const reads = world.scan.mock.calls.length
    for (const at of [51, 52, 53, 54, 55]) await quoter.quote({ ...input, at })
    const readsOfPast = world.scan.mock.calls.length
    await quoter.quote({ ...input, amountRaw: 5n })
    expect(readsOfPast).toBeGreaterThan(reads)
    expect(world.scan.mock.calls.length).toBe(readsOfPast)
  })
})

test('without an index, what the chain could not be asked for is the reason', async () => {
  const { world, quoter } = market(
    new Map([[pair(1, sold, bought), reserves(10n ** 12n, 10n ** 12n)]]),
  )
  world.read.mockImplementation(() => {
    throw new AppError('unavailable', 'the node knows no overrides')
  })
  expect(await quoter.quote(input)).toMatchObject({
    status: 'unavailable',
    reason: 'the node knows no overrides',
  })
  world.tip = undefined
  expect(await quoter.quote(input)).toMatchObject({
    status: 'unavailable',
    reason: expect.stringMatching(/no node of the chain .* nothing is indexed/),
  })
})

test('many quotes that need more ticks of a pool read them once', async () => {
  const spacing = 60
  const terms: PoolTerms = {
    ...pair(1, sold, bought),
    protocol: 'uniswap-v3',
    tickSpacing: spacing,
  }
  const all = (from: number, to: number): ConcentratedState => {
    const indexes = [-600_000, 600_000].filter(
      (tick) => from * 256 * spacing <= tick && tick < (to + 1) * 256 * spacing,
    )
    return {
      kind: 'concentrated',
      sqrtPriceX96: sqrtPriceAtTick(0),
      tick: 0,
      liquidity: 10n ** 6n,
      feePips: 3_000,
      protocolFeePips: [0, 0],
      tickSpacing: spacing,
      ticks: {
        fromWord: from,
        toWord: to,
        indexes: Int32Array.from(indexes),
        nets: indexes.map((tick) => (tick < 0 ? 10n ** 6n : -(10n ** 6n))),
      },
    }
  }
  const { world, quoter } = market(new Map([[terms, reserves(0n, 0n)]]))
  world.read.mockImplementation((wants) =>
    wants.map(({ words: { from, to } }) => all(Math.max(from, -58), Math.min(to, 57))),
  )
  const amounts = Array.from({ length: 20 }, (_, index) => 10n ** 9n + BigInt(index))
  const outcomes = await Promise.all(
    amounts.map((amountRaw) => quoter.quote({ ...input, amountRaw })),
  )
  expect(outcomes.map(({ status }) => status)).toEqual(amounts.map(() => 'filled'))
  const wants = world.read.mock.calls.flatMap(([each]) => each)
  expect(wants.length).toBeLessThan(6)
})
