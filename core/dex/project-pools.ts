import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Fold, FoldInput, Mutable, Projection, Slot } from '#core/history/projection.ts'
import { DYNAMIC_FEE, type PoolCreatedV4 } from './v4-events.ts'
import type { Fees, PoolCreated, SolidlyPairCreated } from './event-bodies.ts'
import {
  type DexEvent,
  feeFamily,
  liquidityFamily,
  netAmounts,
  poolFamily,
  type Swap,
  swapFamily,
  tellsPrice,
} from './events.ts'
import {
  curveOf,
  newPool,
  type Pool,
  poolDocuments,
  poolPriceX192,
  poolsVersion,
  tradePriceX192,
  wantedPools,
} from './pool.ts'
import { listedPools } from './sources/listed-pools.ts'

/** Pools as their events leave them. */
export const poolsProjection: Projection<DexEvent> = {
  ...poolsVersion,
  documents: [poolDocuments],
  families: [swapFamily, liquidityFamily, poolFamily, feeFamily],
  wants(events) {
    const addresses = new Set<Address>()
    for (const { address, body } of events)
      addresses.add(body.type === 'poolCreated' ? body.pool : address)
    return wantedPools(addresses)
  },
  begin: foldPools,
  // Every further event of a pool needs it.
  isOpen: () => true,
}

/** A pool, and the copy that this fold changes; undefined before its first change. */
type Changed = {
  readonly address: Address
  readonly slot: Slot<Pool>
  pool: Mutable<Pool> | undefined
  /** What the swap that follows paid in fees. */
  fees: Pick<Fees, 'amount0' | 'amount1'> | undefined
}

function foldPools({ documents, sources }: FoldInput): Fold<DexEvent> {
  const listed = listedPools(sources)
  /** Kept at hand: looking a slot up by its key costs more than what is done with it. */
  const changed = new Map<Address, Changed>()
  /** The last of them: a pair tells each change by several events in a row. */
  let last: Changed | undefined

  function at(address: Address): Changed {
    if (last?.address === address) return last
    last = changed.get(address) ?? open(address)
    return last
  }

  function open(address: Address): Changed {
    const slot = documents.slot(poolDocuments, [address])
    const opened = { address, slot, pool: undefined, fees: undefined }
    changed.set(address, opened)
    return opened
  }

  /** The pool to change: as it is, or as the configuration lists it. */
  function change(address: Address, block: BlockRef): Mutable<Pool> {
    const each = at(address)
    each.slot.changedAt = block
    if (each.pool) return each.pool
    const before = each.slot.value ?? listed.get(address)
    if (!before) throw new Error(`an event of ${address} was admitted, which no source names`)
    const pool = { ...before }
    each.pool = pool
    each.slot.value = pool
    return pool
  }

  function create({ address, body, block }: ChainEvent<PoolCreated | SolidlyPairCreated>): void {
    const each = at(body.pool)
    each.slot.changedAt = block
    each.pool = newPool({
      address: body.pool,
      protocol: 'curve' in body ? `${body.protocol}-${body.curve}` : body.protocol,
      factory: address,
      token0: body.token0,
      token1: body.token1,
      feePips: body.feePips,
      tickSpacing: 'curve' in body ? null : body.tickSpacing,
      createdBlock: block.number,
      createdAt: block.timestamp,
    })
    each.slot.value = each.pool
  }

  function createV4({ body, block }: ChainEvent<PoolCreatedV4>): void {
    const each = at(body.pool)
    const isFeeDynamic = body.feePips === DYNAMIC_FEE
    each.slot.changedAt = block
    each.pool = newPool({
      address: body.pool,
      protocol: body.protocol,
      factory: body.manager,
      token0: body.token0,
      token1: body.token1,
      // No fee until its hooks set one.
      feePips: isFeeDynamic ? 0 : body.feePips,
      isFeeDynamic,
      tickSpacing: body.tickSpacing,
      hooks: body.hooks === ZERO_ADDRESS ? null : body.hooks,
      createdBlock: block.number,
      createdAt: block.timestamp,
    })
    Object.assign(each.pool, { sqrtPriceX96: body.sqrtPriceX96, tick: body.tick, liquidity: 0n })
    each.slot.value = each.pool
  }

  function trade({ address, body, block }: ChainEvent<Swap>): void {
    const pool = change(address, block)
    if (tellsPrice(body)) {
      moveReserves(pool, body.amount0, body.amount1)
      pool.sqrtPriceX96 = body.sqrtPriceX96
      pool.tick = body.tick
      pool.liquidity = body.liquidity
    }
    const price = isStable(pool) ? tradePriceX192(netAmounts(body)) : poolPriceX192(pool)
    pool.lastTradePriceX192 = price ?? pool.lastTradePriceX192
    pool.feePips = feePaid(body, at(address)) ?? pool.feePips
    if (body.protocol === 'uniswap-v4' && pool.isFeeDynamic) pool.feePips = body.feePips
    pool.lastTradeAt = Math.max(block.timestamp, pool.lastTradeAt ?? 0)
    pool.swapCount++
  }

  function apply(event: ChainEvent<DexEvent>): void {
    const { body, block, address } = event
    switch (body.type) {
      case 'swap':
        return trade(event as ChainEvent<Swap>)
      case 'sync': {
        const pool = change(address, block)
        pool.reserve0 = body.reserve0
        pool.reserve1 = body.reserve1
        return undefined
      }
      case 'poolCreated':
        return body.protocol === 'uniswap-v4'
          ? createV4(event as ChainEvent<PoolCreatedV4>)
          : create(event as ChainEvent<PoolCreated | SolidlyPairCreated>)
      case 'initialize': {
        const pool = change(address, block)
        pool.sqrtPriceX96 = body.sqrtPriceX96
        pool.tick = body.tick
        pool.liquidity ??= 0n
        return undefined
      }
      case 'flash':
        return moveReserves(change(address, block), body.paid0, body.paid1)
      case 'setFeeProtocol': {
        const pool = change(address, block)
        pool.protocolParts0 = body.parts0
        pool.protocolParts1 = body.parts1
        return undefined
      }
      case 'collectProtocol':
        return moveReserves(change(address, block), -body.amount0, -body.amount1)
      case 'mint': {
        // The reserves of pairs come with the Sync of the same change.
        if (!('tickLower' in body)) return undefined
        const pool = change(address, block)
        moveReserves(pool, body.amount0, body.amount1)
        return moveLiquidity(pool, body, body.liquidity)
      }
      case 'burn':
        if (!('tickLower' in body)) return undefined
        // Burnt tokens stay in the pool until they are collected.
        return moveLiquidity(change(address, block), body, -body.liquidity)
      case 'collect':
        return moveReserves(change(address, block), -body.amount0, -body.amount1)
      case 'setFee':
        Object.assign(change(address, block), { feePips: body.feePips, feePipsOfToken1: null })
        return undefined
      case 'setFees': {
        const { feePips0, feePips1 } = body
        const feePipsOfToken1 = feePips1 === feePips0 ? null : feePips1
        Object.assign(change(address, block), { feePips: feePips0, feePipsOfToken1 })
        return undefined
      }
      case 'setTickSpacing':
        change(address, block).tickSpacing = body.tickSpacing
        return undefined
      case 'setCommunityFee': {
        const pool = change(address, block)
        pool.protocolParts0 = body.thousandths0
        pool.protocolParts1 = body.thousandths1
        return undefined
      }
      case 'modifyLiquidity':
        return moveLiquidity(change(address, block), body, body.liquidityDelta)
      case 'setProtocolFee': {
        const pool = change(address, block)
        pool.protocolParts0 = body.protocolFeePips0
        pool.protocolParts1 = body.protocolFeePips1
        return undefined
      }
      case 'donate':
      case 'swapFee':
        return undefined
      case 'fees':
        at(address).fees = addFees(at(address).fees, body)
        return undefined
      default:
        return body satisfies never
    }
  }

  return {
    apply,
    finish() {
      changed.clear()
      last = undefined
    },
  }
}

const isStable = (pool: Pool): boolean => curveOf(pool) === 'stable'

type TwoAmounts = { readonly amount0: bigint; readonly amount1: bigint }

/** A swap that is paid in both tokens tells the fee of each by itself. */
const addFees = (before: TwoAmounts | undefined, { amount0, amount1 }: TwoAmounts): TwoAmounts => ({
  amount0: amount0 + (before?.amount0 ?? 0n),
  amount1: amount1 + (before?.amount1 ?? 0n),
})

const PIPS = 1_000_000n

/**
 * The rate of a swap's fee, which the pool told before it, in pips: the one whole number that gives such a fee, rounded
 * down, of such an input. Undefined where the input is too small to tell rates apart.
 */
function feePaid(swap: Swap, changed: { fees: Changed['fees'] }): number | undefined {
  const { fees } = changed
  changed.fees = undefined
  if (!fees || tellsPrice(swap)) return undefined
  const [amountIn, fee] =
    swap.amount0In > swap.amount1In
      ? [swap.amount0In, fees.amount0]
      : [swap.amount1In, fees.amount1]
  return amountIn < PIPS ? undefined : Number((fee * PIPS + amountIn - 1n) / amountIn)
}

/** V3 reserves are sums over the pool's whole life: known only where its creation was seen. */
function moveReserves(pool: Mutable<Pool>, amount0: bigint, amount1: bigint): void {
  if (pool.reserve0 === null || pool.reserve1 === null) return
  pool.reserve0 = atLeastZero(pool.reserve0 + amount0)
  pool.reserve1 = atLeastZero(pool.reserve1 + amount1)
}

/** What entered without an event (a donation, a rebase) leaves with one; a sum below zero is such a case. */
const atLeastZero = (amount: bigint): bigint => (amount < 0n ? 0n : amount)

/** A position counts towards the liquidity in range while the tick lies in [lower, upper). */
function moveLiquidity(
  pool: Mutable<Pool>,
  { tickLower, tickUpper }: { readonly tickLower: number; readonly tickUpper: number },
  delta: bigint,
): void {
  if (pool.liquidity === null || pool.tick === null) return
  if (tickLower <= pool.tick && pool.tick < tickUpper)
    pool.liquidity = atLeastZero(pool.liquidity + delta)
}
