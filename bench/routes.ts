import { amountOut } from '#core/dex/protocols/protocols.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'
import { findRoute } from '#core/dex/routing/find-route.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import type { RoutePool } from '#core/dex/routing/route.ts'
import { median } from './measure.ts'

const QUERIES = 61
/** Calls before measuring, so that the code is compiled as it will be in a server that has run for a minute. */
const WARM_UPS = 500
/** A single call of some microseconds measures the clock and the scheduler as much as the call. */
const CALLS_PER_QUERY = 20
const AMOUNT = 10n ** 18n
const TOKENS = 200
/** Pools of hubs, mostly; and many pools between any two of a few tokens. */
const SPARSE: Shape = { tokens: TOKENS, pools: 1_000, ofHubs: 700 }
const DENSE: Shape = { tokens: 40, pools: 500, ofHubs: 150 }

type Shape = { readonly tokens: number; readonly pools: number; readonly ofHubs: number }
type Random = () => number
type Query = { readonly tokenIn: number; readonly tokenOut: number }

/**
 * The best of all routes against a plain depth-first search over the same pools that tries every path, and a split into
 * 20 parts.
 */
export function benchRoutes(print: (line: string) => void): Promise<void> {
  print(`medians of ${QUERIES} queries, warm, ${AMOUNT} units exact in`)
  const random = randomFrom(20_240_601)
  const graphs = {
    'random graph, 200 tokens, 1,000 pairs, 3 hops': randomGraph(random),
    'hub graph, 5 hubs and 200 tokens, 3 hops': hubGraph(random),
  }
  for (const [name, pools] of Object.entries(graphs)) compareWithAll(print, name, pools, random)
  split(
    print,
    'split into 20 parts, 1,000 V2 and V3 pools',
    mixedGraph(random, SPARSE),
    SPARSE,
    random,
  )
  split(
    print,
    'split into 20 parts, 500 V2 and V3 pools, dense',
    mixedGraph(random, DENSE),
    DENSE,
    random,
  )
  return Promise.resolve()
}

function compareWithAll(
  print: (line: string) => void,
  name: string,
  pools: readonly RoutePool[],
  random: Random,
): void {
  const build = medianMs(QUERIES, () => createGraph(pools))
  const graph = createGraph(pools)
  const list = adjacencyOf(pools)
  const queries = queriesFrom(random)
  const find = ({ tokenIn, tokenOut }: Query): bigint => {
    const found = findRoute(graph, {
      tokenIn: addressOf(tokenIn),
      tokenOut: addressOf(tokenOut),
      exact: 'in',
      amount: AMOUNT,
    })
    return found.status === 'filled' ? found.route.amountOut : 0n
  }
  const all = (query: Query): bigint => tryAll(list, query)
  for (const query of queries)
    if (find(query) !== all(query)) throw new Error(`${name}: not the best route`)
  for (let at = 0; at < WARM_UPS; at++) {
    find(queries[at % QUERIES] as Query)
    all(queries[at % QUERIES] as Query)
  }
  const perCall = (run: (query: Query) => void): number =>
    medianMs(QUERIES, (at) => {
      for (let call = 0; call < CALLS_PER_QUERY; call++) run(queries[at] as Query)
    }) / CALLS_PER_QUERY
  const ours = perCall(find)
  const plain = perCall(all)
  print(
    `  ${name.padEnd(48)} ${ours.toFixed(4)} ms; trying every path ${plain.toFixed(4)} ms, ` +
      `${(plain / ours).toFixed(1)} times as long; graph made in ${build.toFixed(2)} ms`,
  )
}

function split(
  print: (line: string) => void,
  name: string,
  pools: readonly RoutePool[],
  { tokens }: Shape,
  random: Random,
): void {
  const graph = createGraph(pools)
  const queries = queriesFrom(random, tokens)
  for (const [label, gasPrice] of [
    ['', undefined],
    [', gas counted', { numerator: 10n ** 10n, denominator: 1n }],
  ] as const) {
    let legs = 0
    const find = (at: number): void => {
      const { tokenIn, tokenOut } = queries[at % QUERIES] as Query
      const found = findRoute(graph, {
        tokenIn: addressOf(tokenIn),
        tokenOut: addressOf(tokenOut),
        exact: 'in',
        amount: 100n * AMOUNT,
        parts: 20,
        ...(gasPrice && { gasPrice }),
      })
      if (found.status === 'filled') legs += found.route.legs.length
    }
    for (let at = 0; at < WARM_UPS; at++) find(at)
    legs = 0
    const ms = medianMs(QUERIES, find)
    print(
      `  ${(name + label).padEnd(48)} ${ms.toFixed(2)} ms; ${(legs / QUERIES).toFixed(1)} legs on average`,
    )
  }
}

function medianMs(runs: number, run: (at: number) => void): number {
  const times = Array.from({ length: runs }, (_, at) => {
    const startedAt = performance.now()
    run(at)
    return performance.now() - startedAt
  })
  return median(times)
}

const queriesFrom = (random: Random, tokens = TOKENS): Query[] =>
  Array.from({ length: QUERIES }, () => {
    const tokenIn = Math.floor(random() * tokens)
    const tokenOut = Math.floor(random() * (tokens - 1))
    return { tokenIn, tokenOut: tokenOut < tokenIn ? tokenOut : tokenOut + 1 }
  })

const addressOf = (token: number): `0x${string}` => `0x${token.toString(16).padStart(40, '0')}`

/** Numbers in [0, 1), the same in every run: a multiply-with-carry over 32 bits. */
function randomFrom(seed: number): Random {
  let state = BigInt(seed)
  return () => {
    state = (state & 0xffff_ffffn) * 4_294_957_665n + (state >> 32n)
    return Number(state & 0xffff_ffffn) / 2 ** 32
  }
}

const poolOf = (at: number, a: number, b: number, state: PoolState): RoutePool => ({
  id: `0x${at.toString(16).padStart(40, '0')}`,
  protocol: state.kind === 'constant-product' ? 'uniswap-v2' : 'uniswap-v3',
  token0: addressOf(Math.min(a, b)),
  token1: addressOf(Math.max(a, b)),
  state,
})

const pairState = (reserve0: bigint, reserve1: bigint): PoolState => ({
  kind: 'constant-product',
  reserve0,
  reserve1,
  feePips: 3000,
})

/** 10^20 to 10^24, evenly over the magnitudes. */
const depth = (random: Random): bigint => BigInt(Math.round(10 ** (20 + random() * 4)))

/** Two different ones of the tokens. */
function twoTokens(random: Random, tokens = TOKENS): [number, number] {
  const [one] = queriesFrom(random, tokens)
  return [(one as Query).tokenIn, (one as Query).tokenOut]
}

const randomGraph = (random: Random): RoutePool[] =>
  Array.from({ length: 1_000 }, (_, at) => {
    const [a, b] = twoTokens(random)
    return poolOf(at, a, b, pairState(depth(random), depth(random)))
  })

function hubGraph(random: Random): RoutePool[] {
  const pools: RoutePool[] = []
  for (let hub = 0; hub < 5; hub++)
    for (let token = hub + 1; token < TOKENS; token++)
      pools.push(poolOf(pools.length, hub, token, pairState(depth(random), depth(random))))
  return pools
}

/** Tokens meet another hub every time round. */
const hubOf = (at: number, tokens: number): number => (at + Math.floor(at / (tokens - 5))) % 5

/** Every token has one value, from which pools are off by up to 1 %: as arbitrage leaves them. */
function mixedGraph(random: Random, shape: Shape): RoutePool[] {
  const { tokens } = shape
  const ticks = Array.from({ length: tokens }, () => Math.floor((random() - 0.5) * 40_000))
  const pools: RoutePool[] = []
  for (let at = 0; at < shape.pools; at++) {
    const [a, b] =
      at < shape.ofHubs ? [hubOf(at, tokens), 5 + (at % (tokens - 5))] : twoTokens(random, tokens)
    const [low, high] = [Math.min(a, b), Math.max(a, b)]
    const tick =
      (ticks[low] as number) - (ticks[high] as number) + Math.floor((random() - 0.5) * 200)
    const size = BigInt(Math.round(10 ** (20 + random() * 3)))
    const scaled = BigInt(Math.round(1.0001 ** tick * 1e15))
    const state =
      at % 2 === 0 ? pairState(size, (size * scaled) / 10n ** 15n) : rangesState(tick, size, random)
    pools.push(poolOf(at, low, high, state))
  }
  return pools
}

/** Ten positions about the price, nested, so that a large swap crosses ticks. */
function rangesState(tick: number, liquidity: bigint, random: Random): PoolState {
  const spacing = 60
  const nets = new Map<number, bigint>()
  const base = Math.floor(tick / spacing)
  for (let at = 0; at < 10; at++) {
    const lower = (base - Math.floor(random() * 40)) * spacing
    const upper = (base + 1 + Math.floor(random() * 40)) * spacing
    nets.set(lower, (nets.get(lower) ?? 0n) + liquidity)
    nets.set(upper, (nets.get(upper) ?? 0n) - liquidity)
  }
  const known = [...nets].toSorted(([a], [b]) => a - b)
  return {
    kind: 'concentrated',
    sqrtPriceX96: sqrtPriceAtTick(tick),
    tick,
    liquidity: liquidity * 10n,
    feePips: 3000,
    protocolFeePips: [0, 0],
    tickSpacing: spacing,
    ticks: {
      ...wordsOfSpacing(spacing),
      indexes: Int32Array.from(known, ([index]) => index),
      nets: known.map(([, net]) => net),
    },
  }
}

type Link = { readonly state: PoolState; readonly zeroForOne: boolean; readonly to: number }

function adjacencyOf(pools: readonly RoutePool[]): Link[][] {
  const links: Link[][] = Array.from({ length: TOKENS }, () => [])
  for (const { token0, token1, state } of pools) {
    const [a, b] = [Number(token0), Number(token1)]
    links[a]?.push({ state, zeroForOne: true, to: b })
    links[b]?.push({ state, zeroForOne: false, to: a })
  }
  return links
}

/** Every path of up to three hops. */
function tryAll(links: readonly Link[][], { tokenIn, tokenOut }: Query): bigint {
  const seen = new Uint8Array(TOKENS)
  let best = 0n
  const walk = (token: number, hopsLeft: number, amount: bigint): void => {
    seen[token] = 1
    for (const { state, zeroForOne, to } of links[token] as Link[]) {
      if (seen[to] || (hopsLeft === 1 && to !== tokenOut)) continue
      const out = amountOut(state, zeroForOne, amount)
      if (out <= 0n) continue
      if (to !== tokenOut) walk(to, hopsLeft - 1, out)
      else if (out > best) best = out
    }
    seen[token] = 0
  }
  walk(tokenIn, 3, AMOUNT)
  return best
}
