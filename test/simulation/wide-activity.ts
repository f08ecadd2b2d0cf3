import type { Source } from '#core/catalogue.ts'
import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import type { Random } from '../fakes/random.ts'
import type { Act } from '../oracle/acts.ts'
import {
  accounts,
  addPool,
  createPool,
  listedPool,
  makeActivity,
  type PoolAtHand,
  POOLS_MAX,
  poolsOf,
  sources,
  tokens,
} from './activity.ts'
import { actPosition, positionManager } from './position-activity.ts'
import { actV4, poolManager } from './v4-activity.ts'
import type { Branch, WorldShape } from './world.ts'

/** Of the tokens of pools, one is not followed. */
const followedTokens = tokens.slice(0, 3)
const wrapped = followedTokens[2] as Address

export const wideSources: readonly Source[] = [
  ...sources,
  { kind: 'uniswap-v4', address: poolManager, startBlock: 0 },
  { kind: 'uniswap-v3-positions', address: positionManager, startBlock: 0 },
  ...followedTokens.map((address): Source => ({
    kind: 'erc20',
    address,
    wrapsNative: address === wrapped,
    startBlock: 0,
  })),
]

/** What the pool had of each token before anything was indexed. */
const HELD_BEFORE = 1_000_000n

/** Who has how much of which token, as the contracts know it. */
type Ledger = {
  apply(act: Act): void
  held(token: Address, account: Address): bigint
}

function createLedger(before: readonly Act[]): Ledger {
  const moved = new Map<string, bigint>()
  const add = (token: Address, account: Address, amount: bigint): void => {
    const key = `${token} ${account}`
    moved.set(key, (moved.get(key) ?? 0n) + amount)
  }
  const ledger: Ledger = {
    apply(act) {
      if (act.act === 'wrap') add(act.token, act.account, act.amount)
      if (act.act === 'unwrap') add(act.token, act.account, -act.amount)
      if (act.act !== 'transfer20') return
      add(act.token, act.from, -act.amount)
      add(act.token, act.to, act.amount)
    },
    held(token, account) {
      const first = account === listedPool ? HELD_BEFORE : 0n
      const held = first + (moved.get(`${token} ${account}`) ?? 0n)
      return held > 0n ? held : 0n
    },
  }
  for (const act of before) ledger.apply(act)
  return ledger
}

type Scene = {
  readonly random: Random
  /** All that has happened up to now. */
  readonly before: readonly Act[]
  readonly shape: WorldShape
  readonly pools: readonly PoolAtHand[]
  readonly ledger: Ledger
}

/** What happens in the next block of a branch, by transactions. */
export function makeWideTransactions(random: Random, branch: Branch, shape: WorldShape): Act[][] {
  const pools = poolsOf(branch)
  const before = branch.flatMap(({ acts }) => acts)
  const ledger = createLedger(before)
  const transactions: Act[][] = []
  for (let left = random.int(shape.actsMax + 1); left > 0; left--) {
    const acts = makeWideActivity({ random, before, shape, pools, ledger })
    for (const act of acts) addPool(pools, act)
    for (const act of acts) ledger.apply(act)
    before.push(...acts)
    const last = transactions.at(-1)
    // A router does several things at once.
    if (last && random.chance(0.25)) last.push(...acts)
    else transactions.push(acts)
  }
  return transactions
}

function makeWideActivity(scene: Scene): Act[] {
  const { random, before, pools, shape } = scene
  // Without pools of V3 there would be little to do.
  const lacks = pools.length < 3 || (pools.length <= POOLS_MAX && random.chance(0.05))
  if (lacks && random.chance(0.4)) return createPool(random, pools.length - 1, shape)
  if (random.chance(0.25)) return actPosition(random, before, pools)
  if (random.chance(0.25)) return actV4(random, before)
  const what = random.int(20)
  if (what < 7) return makeActivity(random, pools, shape)
  if (what < 12) return [moveTokens(scene)]
  if (what < 13) return [wrapOrUnwrap(scene)]
  if (what === 13) return [somethingOdd(random)]
  const { pool, isV3, pair } = random.pick(pools)
  if (isV3) return tradeV3(scene, pool, pair)
  return random.chance(0.7) ? tradeV2(scene, pool, pair) : changeLiquidityV2(scene, pool, pair)
}

/** So much of what there is, all of it now and then. */
const someOf = (random: Random, held: bigint): bigint =>
  random.chance(0.15) ? held : (held * BigInt(random.int(500))) / 1_000n

const moving = (
  random: Random,
  token: Address,
  from: Address,
  to: Address,
  amount: bigint,
): Act => ({ act: 'transfer20', token, from, to, amount, indexed: random.pick([0, 1, 2, 2, 2, 2]) })

function moveTokens({ random, pools, ledger }: Scene): Act {
  const token = random.pick(tokens)
  const somebody = (): Address =>
    random.chance(0.15) ? random.pick(pools).pool : random.pick(accounts)
  const from = random.chance(0.4) ? ZERO_ADDRESS : somebody()
  const to = random.chance(0.1) ? ZERO_ADDRESS : random.chance(0.1) ? from : somebody()
  const isOverdrawn = from === ZERO_ADDRESS || random.chance(0.06)
  const amount = isOverdrawn
    ? ledger.held(token, from) + BigInt(random.int(100_000))
    : someOf(random, ledger.held(token, from))
  return moving(random, token, from, to, random.chance(0.05) ? 0n : amount)
}

/** Tokens that do not wrap anything tell nothing by the same events. */
function wrapOrUnwrap({ random, ledger }: Scene): Act {
  const token = random.chance(0.8) ? wrapped : random.pick(tokens)
  const account = random.pick(accounts)
  if (random.chance(0.6))
    return { act: 'wrap', token, account, amount: BigInt(random.int(100_000)) }
  return { act: 'unwrap', token, account, amount: someOf(random, ledger.held(token, account)) }
}

/** Balances change without a transfer, or a token speaks as if it were an NFT. */
function somethingOdd(random: Random): Act {
  const token = random.pick(tokens)
  if (random.chance(0.7)) {
    const [from, to] = [random.pick(accounts), random.pick(accounts)]
    return { act: 'transfer721', collection: token, from, to, tokenId: 1n }
  }
  return { act: 'rebase', token, event: random.chance(0.5) ? 'LogRebase' : 'TokenRebased' }
}

/** What a trader brings: seldom more than it was seen to get. */
const someBrought = ({ random, ledger }: Scene, token: Address, trader: Address): bigint =>
  random.chance(0.1) ? BigInt(random.int(50_000)) : someOf(random, ledger.held(token, trader))

/** A pool sends what it owes: now and then a part goes elsewhere on the way, and seldom it is split for no reason. */
function paid(
  { random, pools }: Scene,
  token: Address,
  pool: Address,
  to: Address,
  amount: bigint,
): Act[] {
  if (random.chance(0.8)) return [moving(random, token, pool, to, amount)]
  const tax = (amount * BigInt(random.int(4))) / 10n
  const where = random.chance(0.3)
    ? ZERO_ADDRESS
    : random.pick([...accounts, ...pools.map((each) => each.pool)])
  const parts = [
    moving(random, token, pool, where, tax),
    moving(random, token, pool, to, amount - tax),
  ]
  if (random.chance(0.1)) parts.pop()
  return parts
}

/** What a pair says of its reserves when these transfers are over: mostly what it has. */
function synced({ random, ledger }: Scene, pool: Address, pair: Pair, acts: readonly Act[]): Act {
  const reserves = pair.map((token) => {
    let held = ledger.held(token, pool)
    for (const act of acts) {
      if (act.act !== 'transfer20' || act.token !== token) continue
      if (act.to === pool) held += act.amount
      if (act.from === pool) held -= act.amount
    }
    const wrong = random.chance(0.02) ? BigInt(random.int(100)) : 0n
    return held + wrong > 0n ? held + wrong : 0n
  })
  return { act: 'sync', pool, reserves: [reserves[0] as bigint, reserves[1] as bigint] }
}

type Pair = PoolAtHand['pair']

function tradeV2(scene: Scene, pool: Address, pair: Pair): Act[] {
  const { random, ledger, pools } = scene
  const sender = random.pick(accounts)
  // The next pool of a path is the recipient of what it will trade.
  const recipient = random.chance(0.2) ? random.pick(pools).pool : random.pick(accounts)
  const side = random.int(2)
  const [bought, sold] = side === 0 ? [pair[1], pair[0]] : [pair[0], pair[1]]
  const out = someOf(random, ledger.held(bought, pool))
  const came = someBrought(scene, sold, sender)
  const acts = [
    moving(random, sold, sender, pool, came),
    ...paid(scene, bought, pool, recipient, out),
  ]
  const trade: Act = {
    act: 'swapV2',
    pool,
    sender,
    recipient,
    came: side === 0 ? [came, 0n] : [0n, came],
    went: side === 0 ? [0n, out] : [out, 0n],
  }
  return [...acts, synced(scene, pool, pair, acts), trade]
}

function changeLiquidityV2(scene: Scene, pool: Address, pair: Pair): Act[] {
  const { random, ledger } = scene
  const account = random.pick(accounts)
  if (random.chance(0.6)) {
    const amounts = [BigInt(random.int(100_000)), BigInt(random.int(100_000))] as const
    const acts = pair.map((token, side) =>
      moving(random, token, account, pool, amounts[side] as bigint),
    )
    const mint: Act = { act: 'mintV2', pool, sender: account, amounts }
    return [...acts, synced(scene, pool, pair, acts), mint]
  }
  const amounts = [
    someOf(random, ledger.held(pair[0], pool)),
    someOf(random, ledger.held(pair[1], pool)),
  ] as const
  const acts = pair.map((token, side) =>
    moving(random, token, pool, account, amounts[side] as bigint),
  )
  const burn: Act = { act: 'burnV2', pool, sender: account, recipient: account, amounts }
  return [...acts, synced(scene, pool, pair, acts), burn]
}

function tradeV3(scene: Scene, pool: Address, pair: Pair): Act[] {
  const { random, ledger } = scene
  const [sender, recipient] = [random.pick(accounts), random.pick(accounts)]
  const side = random.int(2)
  const [bought, sold] = side === 0 ? [pair[1], pair[0]] : [pair[0], pair[1]]
  const out = random.chance(0.8) ? someOf(random, ledger.held(bought, pool)) : 1_000n
  const came = someBrought(scene, sold, sender)
  const price = { sqrtPriceX96: (1n << 96n) + BigInt(random.int(1_000)), tick: random.int(20) - 10 }
  return [
    ...paid(scene, bought, pool, recipient, out),
    moving(random, sold, sender, pool, came),
    {
      act: 'swapV3',
      pool,
      sender,
      recipient,
      moved: side === 0 ? [came, -out] : [-out, came],
      price,
      liquidity: BigInt(random.int(500)),
    },
  ]
}
