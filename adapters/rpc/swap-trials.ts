import { type AbiReader, encodeArguments, encodeCall } from '#core/abi.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { mapConcurrent, partsOf } from '#core/concurrent.ts'
import type { SwapTrials, Trial, TrialOutcome } from '#core/dex/ports.ts'
import { encodeSale, POOL_ROUTER, poolRouterCode } from './pool-router.ts'
import { LENS, type Lens, type Override } from './lens.ts'

/** `trades(Trade[])` of lens.sol. */
const TRADES = '0xc870ea58'
/** About 300,000 gas each, of the 30 million and more that nodes give a call; more where others leave it. */
const TRIALS_PER_CALL = 50
/** For those that failed without a reason: their share of the gas may have been too small for a route of many legs. */
const TRIALS_PER_RETRY = 8
const CALLS_AT_ONCE = 2
/** Tokens that are remembered for their places. */
const UNUSUAL_MAX = 10_000

/**
 * Trades tried out by an account that holds just what they take. Tokens keep balances where they like; the account's
 * entry is written to every place that compilers and libraries are known to use, the usual ones first, and the right one
 * is among them for nearly all tokens. (Entries of one account are in nobody else's way.)
 */
export function createRpcSwapTrials(lens: Lens, keccak: (bytes: Hex) => Hash): SwapTrials {
  const usual = balancePlaces(LENS, keccak, USUAL_SLOTS)
  const all = balancePlaces(LENS, keccak, ALL_SLOTS)
  /** Tokens that keep balances elsewhere than usual. */
  let unusual = new Set<Address>()

  const overridesOf = (trials: readonly Trial[]): Record<Address, Override> => {
    const amounts = new Map<Address, bigint>()
    for (const { tokenIn, amountIn } of trials)
      if (amountIn > (amounts.get(tokenIn) ?? 0n)) amounts.set(tokenIn, amountIn)
    return Object.fromEntries(
      [...amounts].map(([token, amount]) => {
        const value = encodeArguments([amount])
        const places = unusual.has(token) ? all : usual
        return [token, { stateDiff: Object.fromEntries(places.map((place) => [place, value])) }]
      }),
    )
  }

  async function runPart(
    block: Parameters<SwapTrials['run']>[0],
    trials: readonly Trial[],
  ): Promise<TrialOutcome[]> {
    const trades = trials.map(({ tokenIn, tokenOut, recipient, call }) => {
      const router = call.by === 'router' ? call.router : POOL_ROUTER
      const data = call.by === 'router' ? call.data : encodeSale(call.legs, recipient)
      return { tuple: [tokenIn, tokenOut, router, recipient, { bytes: data }] }
    })
    const overrides = overridesOf(trials)
    if (trials.some(({ call }) => call.by === 'pools'))
      overrides[POOL_ROUTER] = { code: poolRouterCode }
    const words = await lens.call(block, encodeCall(TRADES, [{ array: trades }]), overrides)
    return trials.map((_, index) => decodeOutcome(words, index))
  }

  async function runAll(
    block: Parameters<SwapTrials['run']>[0],
    trials: readonly Trial[],
    size: number,
  ): Promise<TrialOutcome[]> {
    const outcomes = await mapConcurrent(partsOf(trials, size), CALLS_AT_ONCE, (part) =>
      runPart(block, part),
    )
    return outcomes.flat()
  }

  return {
    async run(block, trials) {
      const outcomes = await runAll(block, trials, TRIALS_PER_CALL)
      /** Those that failed of this are tried once more, so many at a time. */
      const repeat = async (
        why: (outcome: TrialOutcome, trial: Trial) => boolean,
        size: number,
      ) => {
        const again = outcomes.flatMap((outcome, index) =>
          why(outcome, trials[index] as Trial) ? [index] : [],
        )
        const repeated = again.map((index) => trials[index] as Trial)
        const others = await runAll(block, repeated, size)
        for (const [place, index] of again.entries())
          outcomes[index] = others[place] as TrialOutcome
      }
      const searched = new Set(unusual)
      if (unusual.size > UNUSUAL_MAX) unusual = new Set()
      for (const [index, outcome] of outcomes.entries())
        if (failedOf(outcome, OUT_OF_REACH)) unusual.add((trials[index] as Trial).tokenIn)
      await repeat(
        (outcome, { tokenIn }) => failedOf(outcome, OUT_OF_REACH) && !searched.has(tokenIn),
        TRIALS_PER_CALL,
      )
      if (trials.length > TRIALS_PER_RETRY)
        await repeat((outcome) => failedOf(outcome, NO_REASON), TRIALS_PER_RETRY)
      return outcomes
    },
  }
}

const failedOf = (outcome: TrialOutcome, reason: string): boolean =>
  outcome.status === 'failed' && outcome.reason === reason

const slotsBelow = (count: number): bigint[] =>
  Array.from({ length: count }, (_, slot) => BigInt(slot))
/** `openzeppelin.storage.ERC20`, by ERC-7201: OpenZeppelin's upgradeable tokens since version 5. */
const NAMESPACED = 0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00n
/** Mappings of ERC-20s are among the first variables of their contracts; 51: OpenZeppelin's upgradeable ones before. */
const USUAL_SLOTS = [...slotsBelow(12), 51n, NAMESPACED]
const ALL_SLOTS = [...slotsBelow(64), NAMESPACED]
/** Behind the owner and eight zero bytes: Solady's tokens. */
const SOLADY_SEED = '87a211a2'

function balancePlaces(
  owner: Address,
  keccak: (bytes: Hex) => Hash,
  slots: readonly bigint[],
): Hash[] {
  return [
    // Solidity hashes the key and then the slot, Vyper the other way round.
    ...slots.map((slot) => keccak(encodeArguments([owner, slot]))),
    ...slots.map((slot) => keccak(encodeArguments([slot, owner]))),
    keccak(`${owner}${'00'.repeat(8)}${SOLADY_SEED}`),
  ]
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
  return { status: 'failed', reason: reasonOf(words.bytes(reason + 1, words.number(reason))) }
}

/** `Error(string)`, `Panic(uint256)`, and lens.sol's own. */
const ERROR = '0x08c379a0'
const PANIC = '0x4e487b71'
const NO_BALANCE = '0xc2caa2a6'
const NO_REASON = 'reverted without a reason'
const OUT_OF_REACH = 'the token keeps its balances where no override reaches them'
const REASON_LENGTH_MAX = 200
/** Control and format characters, and separators of lines: terminals and pages obey them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A revert's reason in words, as far as it has any; text by strangers, cut and cleaned. */
function reasonOf(data: Hex): string {
  const selector = data.slice(0, 10)
  const rest = data.slice(10)
  switch (selector) {
    case ERROR: {
      const length = Number(BigInt(`0x${rest.slice(64, 128) || '0'}`))
      const text = Buffer.from(rest.slice(128, 128 + length * 2), 'hex').toString('utf8')
      return `reverted: ${text.replaceAll(UNPRINTABLE, ' ').slice(0, REASON_LENGTH_MAX)}`
    }
    case PANIC:
      return `reverted: panic 0x${BigInt(`0x${rest || '0'}`).toString(16)}`
    case NO_BALANCE:
      return OUT_OF_REACH
    case '0x':
      return NO_REASON
    default:
      return `reverted: ${selector}`
  }
}
