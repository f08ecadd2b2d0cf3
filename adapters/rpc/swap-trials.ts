import { type AbiReader, type AbiValue, encodeCall } from '#core/abi.ts'
import type { Address, BlockRef, Hash, Hex } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import { NATIVE } from '#core/dex/native.ts'
import type { SwapTrials, Trial, TrialOutcome } from '#core/dex/ports.ts'
import { encodeSale, POOL_ROUTER, poolRouterCode } from './pool-router.ts'
import { type BalancePlace, createBalancePlaces, overridesOf, wordFor } from './balance-places.ts'
import { LENS, type Lens, type Override } from './lens.ts'

/** `trades(Trade[])` of lens.sol. */
const TRADES = '0x4f90d230'
const TRIALS_PER_CALL = 50
/**
 * Of the 30 million and more that nodes give a call. Within it each trial may use its share of what those before it have
 * left, so the smallest come first.
 */
const GAS_PER_CALL = 24_000_000
/** For those that failed and may have had too little gas: then what is called fails, for whatever reason it likes. */
const TRIALS_PER_RETRY = 8
/** Whoever is expected to use less had enough in any case. */
const GAS_OF_LARGE = 400_000
const CALLS_AT_ONCE = 2
/** A trial that fails beside one that takes this many times more, as a power of two, is tried again without that one. */
const SPOILING_BITS = 16n

/**
 * Trades tried out by an account that holds what they take. It is given that by the one slot that its balance is read
 * from; nothing else of a token is changed, so that the trial meets the token as a trader does.
 */
export function createRpcSwapTrials(lens: Lens, keccak: (bytes: Hex) => Hash): SwapTrials {
  const places = createBalancePlaces(lens, keccak)

  const overridesFor = (
    trials: readonly Trial[],
    found: ReadonlyMap<Address, BalancePlace>,
  ): Record<Address, Override> => {
    const amounts = largestOf(trials)
    const overrides = overridesOf(
      [...amounts].flatMap(([token, amount]) => {
        const place = found.get(token)
        return place ? [[place, wordFor(place, amount)] as const] : []
      }),
    )
    const native = amounts.get(NATIVE)
    if (native !== undefined) overrides[LENS] = { balance: `0x${native.toString(16)}` }
    if (trials.some(({ call }) => call.by === 'pools'))
      overrides[POOL_ROUTER] = { code: poolRouterCode }
    return overrides
  }

  async function runPart(block: BlockRef, trials: readonly Trial[]): Promise<TrialOutcome[]> {
    const found = await places.find(
      block,
      trials.map(({ tokenIn }) => tokenIn).filter((token) => token !== NATIVE),
    )
    const able = trials.filter(({ tokenIn }) => tokenIn === NATIVE || found.has(tokenIn))
    const twins = able.filter(sellsToPairs)
    const trades = [
      ...able.map((trial) => encodeTrade(trial, false)),
      ...twins.map((trial) => encodeTrade(trial, true)),
    ]
    const outcomes = new Map<Trial, TrialOutcome>()
    if (able.length > 0) {
      const overrides = overridesFor(able, found)
      const words = await lens.call(block, encodeCall(TRADES, [{ array: trades }]), overrides)
      for (const [index, trial] of able.entries()) outcomes.set(trial, decodeOutcome(words, index))
      for (const [index, trial] of twins.entries()) {
        const plain = outcomes.get(trial)
        const greedy = decodeOutcome(words, able.length + index)
        if (
          plain?.status === 'done' &&
          greedy.status === 'done' &&
          plain.received < greedy.received
        )
          outcomes.set(trial, { ...plain, received: greedy.received })
      }
    }
    return trials.map((trial) => outcomes.get(trial) ?? OUT_OF_REACH)
  }

  async function runAll(
    block: BlockRef,
    trials: readonly Trial[],
    size: number,
  ): Promise<TrialOutcome[]> {
    const outcomes = new Map<Trial, TrialOutcome>()
    await mapConcurrent(callsOf(trials, size), CALLS_AT_ONCE, async (part) => {
      const some = await runPart(block, part)
      for (const [index, trial] of part.entries()) outcomes.set(trial, some[index] as TrialOutcome)
    })
    return trials.map((trial) => outcomes.get(trial) as TrialOutcome)
  }

  return {
    async prepare(block, tokens) {
      await places.find(
        block,
        tokens.filter((token) => token !== NATIVE),
      )
    },
    async run(block, trials) {
      const outcomes = await runAll(block, trials, TRIALS_PER_CALL)
      /** Those of which this holds are tried once more, `size` at a time. */
      const repeat = async (
        holds: (outcome: TrialOutcome, trial: Trial) => boolean,
        size: number,
      ) => {
        const again = [...outcomes.keys()].filter((index) =>
          holds(outcomes[index] as TrialOutcome, trials[index] as Trial),
        )
        const repeated = again.map((index) => trials[index] as Trial)
        const others = await runAll(block, repeated, size)
        for (const [place, index] of again.entries())
          outcomes[index] = others[place] as TrialOutcome
      }
      // A call gives each token's account the most that one of its trials takes. What does not fit into the token's own
      // field of the slot would spoil the trials of others.
      const most = largestOf(trials)
      await repeat(
        ({ status }, { tokenIn, amountIn }) =>
          status !== 'done' && amountIn <= (most.get(tokenIn) ?? 0n) >> SPOILING_BITS,
        TRIALS_PER_CALL,
      )
      const short = outcomes.flatMap((outcome, index) =>
        outcome === TOO_LITTLE ? [(trials[index] as Trial).tokenIn] : [],
      )
      const doubted = [...new Set(short)].filter((token) => places.doubt(block, token))
      if (doubted.length > 0) await repeat((outcome) => outcome === TOO_LITTLE, TRIALS_PER_CALL)
      if (trials.length > TRIALS_PER_RETRY)
        await repeat(
          (outcome, trial) =>
            outcome === WITHOUT_REASON ||
            (outcome.status === 'reverted' && gasOf(trial) > GAS_OF_LARGE),
          TRIALS_PER_RETRY,
        )
      return outcomes
    },
  }
}

/** Trials in calls, the smallest first. */
function callsOf(trials: readonly Trial[], size: number): Trial[][] {
  const calls: Trial[][] = []
  let gas = 0
  for (const trial of trials.toSorted((a, b) => gasOf(a) - gasOf(b))) {
    const last = calls.at(-1)
    gas += gasOf(trial)
    if (last && last.length < size && gas <= GAS_PER_CALL) last.push(trial)
    else {
      calls.push([trial])
      gas = gasOf(trial)
    }
  }
  return calls
}

const GAS_OF_HOP = 110_000
const GAS_OF_DATA_WORD = 12_000
const HEX_OF_WORD = 64

/** About what a trial uses: a router's calldata is as long as it has legs and hops. */
const gasOf = ({ call }: Trial): number =>
  call.by === 'router'
    ? (call.data.length / HEX_OF_WORD) * GAS_OF_DATA_WORD
    : call.legs.reduce((sum, { hops }) => sum + (hops.length + 1) * GAS_OF_HOP, 0)

/**
 * A pair pays what it is asked for as long as its own fee allows it. Asked for just what a quote says, one with a smaller
 * fee than the quote assumes would agree; so pairs are asked for a unit more as well, in a trial of its own.
 */
const sellsToPairs = ({ call }: Trial): boolean =>
  call.by === 'pools' &&
  call.legs.some(({ hops }) => hops.some(({ pool }) => pool.protocol === 'uniswap-v2'))

function encodeTrade(trial: Trial, greedy: boolean): AbiValue {
  const { tokenIn, tokenOut, amountIn, recipient, call } = trial
  const [router, data] =
    call.by === 'router'
      ? [call.router, call.data]
      : [POOL_ROUTER, encodeSale({ ...trial, call }, greedy)]
  return { tuple: [tokenIn, tokenOut, amountIn, router, recipient, { bytes: data }] }
}

/** Of each token the most that a trial takes. */
function largestOf(trials: readonly Trial[]): Map<Address, bigint> {
  const amounts = new Map<Address, bigint>()
  for (const { tokenIn, amountIn } of trials)
    if (amountIn > (amounts.get(tokenIn) ?? 0n)) amounts.set(tokenIn, amountIn)
  return amounts
}

/** The tuple (ok, spent, received, gas, offset of the reason), behind the array's offsets. */
function decodeOutcome(words: AbiReader, index: number): TrialOutcome {
  const tuples = 2
  const at = tuples + words.number(tuples + index) / 32
  if (words.uint(at) === 1n)
    return {
      status: 'done',
      spent: words.uint(at + 1),
      received: words.uint(at + 2),
      gas: words.uint(at + 3),
    }
  const reason = at + words.number(at + 4) / 32
  return failureOf(words.bytes(reason + 1, words.number(reason)))
}

/** `Error(string)`, `Panic(uint256)`, and lens.sol's own. */
const ERROR = '0x08c379a0'
const PANIC = '0x4e487b71'
const NO_BALANCE = '0xc2caa2a6'
const NO_CODE = '0xf046a714'
const OUT_OF_REACH: TrialOutcome = {
  status: 'untried',
  reason:
    'where the token keeps its balances could not be found, so no account could be given some',
}
const TOO_LITTLE: TrialOutcome = {
  status: 'untried',
  reason: 'the token does not let an account be given so much of it',
}
const WITHOUT_CODE: TrialOutcome = {
  status: 'reverted',
  reason: 'there is no contract at the address of the router',
}
const WITHOUT_REASON: TrialOutcome = { status: 'reverted', reason: 'reverted without a reason' }
const REASON_LENGTH_MAX = 200
/** Control and format characters, and separators of lines: terminals and pages obey them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A revert's reason in words, as far as it has any; text by strangers, cut and cleaned. */
function failureOf(data: Hex): TrialOutcome {
  const selector = data.slice(0, 10)
  const rest = data.slice(10)
  const reverted = (reason: string): TrialOutcome => ({ status: 'reverted', reason })
  switch (selector) {
    case ERROR: {
      const length = Number(BigInt(`0x${rest.slice(64, 128) || '0'}`))
      const text = Buffer.from(rest.slice(128, 128 + length * 2), 'hex').toString('utf8')
      return reverted(`reverted: ${text.replaceAll(UNPRINTABLE, ' ').slice(0, REASON_LENGTH_MAX)}`)
    }
    case PANIC:
      return reverted(`reverted: panic 0x${BigInt(`0x${rest || '0'}`).toString(16)}`)
    case NO_BALANCE:
      return TOO_LITTLE
    case NO_CODE:
      return WITHOUT_CODE
    case '0x':
      return WITHOUT_REASON
    default:
      return reverted(`reverted: ${selector}`)
  }
}
