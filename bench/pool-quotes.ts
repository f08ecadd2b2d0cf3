import { amountIn, amountOut, swap } from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, ConstantProductState } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'

const ROUNDS = 9
const ROUND_MS = 150
/** So many quotes between two looks at the clock. */
const BATCH = 500

const PAIR: ConstantProductState = {
  kind: 'constant-product',
  reserve0: 81_234_567n * 10n ** 6n,
  reserve1: 31_234n * 10n ** 18n,
  feePips: 3_000,
}

const TICK_SPACING = 60
const POSITIONS = 15

/** Nested positions around tick 0: thirty initialised ticks, ever less liquidity away from the price. */
function makePool(): ConcentratedState {
  const nets = Array.from({ length: 2 * POSITIONS }, (_, at) => {
    const fromEnd = Math.min(at, 2 * POSITIONS - 1 - at)
    const liquidity = 10n ** 18n * BigInt(fromEnd + 1)
    return at < POSITIONS ? liquidity : -liquidity
  })
  const indexes = Int32Array.from(nets, (_, at) => {
    const slots = at < POSITIONS ? at - POSITIONS : at - POSITIONS + 1
    return slots * 5 * TICK_SPACING
  })
  return {
    kind: 'concentrated',
    sqrtPriceX96: sqrtPriceAtTick(0) + 123_456_789n,
    tick: 0,
    liquidity: nets.slice(0, POSITIONS).reduce((sum, net) => sum + net),
    feePips: 3_000,
    protocolFeePips: [0, 0],
    tickSpacing: TICK_SPACING,
    ticks: { ...wordsOfSpacing(TICK_SPACING), indexes, nets },
  }
}

/** The least input, within a percent, that crosses so many ticks downwards. */
function amountCrossing(pool: ConcentratedState, ticks: number): bigint {
  for (let amount = 10n ** 15n; ; amount += amount / 100n) {
    const outcome = swap(pool, { zeroForOne: true, exact: 'in', amount })
    if (outcome.status !== 'filled') throw new Error('the pool has not as many ticks')
    if (outcome.ticksCrossed >= ticks) return amount
  }
}

/** Quotes a second of processor time, the amount another one each time. */
function measure(quote: (amount: bigint) => bigint, from: bigint): number {
  const rates: number[] = []
  let sum = 0n
  for (let round = -2; round < ROUNDS; round++) {
    let count = 0
    let seconds = 0
    const before = process.cpuUsage()
    while (seconds < ROUND_MS / 1_000) {
      for (let index = 0; index < BATCH; index++) sum += quote(from + BigInt(count + index))
      count += BATCH
      const { user, system } = process.cpuUsage(before)
      seconds = (user + system) / 1_000_000
    }
    // The rounds below 0 are for the compiler.
    if (round >= 0) rates.push(count / seconds)
  }
  if (sum <= 0n) throw new Error('nothing was quoted')
  return rates.toSorted((a, b) => a - b)[ROUNDS >> 1] as number
}

/** What one pool's quote costs: the inner loop of every search for a route. */
export async function benchPoolQuotes(print: (line: string) => void): Promise<void> {
  const line = (name: string, rate: number): void =>
    print(`  ${name.padEnd(64)} ${Math.round(rate).toLocaleString('en').padStart(12)} / s`)
  const pool = makePool()
  const [none, ten] = [10n ** 12n, amountCrossing(pool, 10)]
  const bought = amountOut(pool, true, ten)
  print(`quotes of one pool, per second of processor time; medians of ${ROUNDS} rounds`)
  line(
    'constant product, exact input',
    measure((amount) => amountOut(PAIR, true, amount), 10n ** 9n),
  )
  line(
    'constant product, exact output',
    measure((amount) => amountIn(PAIR, true, amount), 10n ** 15n),
  )
  line(
    'concentrated, no tick crossed, exact input',
    measure((amount) => amountOut(pool, true, amount), none),
  )
  line(
    'concentrated, 10 ticks crossed, exact input',
    measure((amount) => amountOut(pool, true, amount), ten),
  )
  line(
    'concentrated, 10 ticks crossed, exact output',
    measure((amount) => amountIn(pool, true, amount), bought),
  )
  line(
    'concentrated, 10 ticks crossed, the first quote of a state',
    measure((amount) => amountOut({ ...pool }, true, amount), ten),
  )
  line(
    'concentrated, 10 ticks crossed, a swap with the state behind it',
    measure((amount) => {
      const outcome = swap(pool, { zeroForOne: true, exact: 'in', amount })
      return outcome.status === 'filled' ? outcome.amountOut : 0n
    }, ten),
  )
}
