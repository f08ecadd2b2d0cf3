import type { Address, Hex } from '#core/chain.ts'
import { mapConcurrent, partsOf } from '#core/concurrent.ts'
import { NATIVE } from '#core/dex/native.ts'
import type { TokenInfo, TokenReader } from '#core/dex/ports.ts'
import { AppError, isAppError } from '#core/errors.ts'
import { RpcFailure, type RpcCall } from './endpoint.ts'
import type { Rpc } from './rpc.ts'
import { decodeDecimals, decodeText } from './token-text.ts'

/** For each call: enough for a proxy over a string in storage, too little for an answer of megabytes. */
const CALL_GAS = '0x30d40'
/** Tokens in one request, with three calls each. */
const TOKENS_BATCH = 20
/** Where a request is asked again in parts. */
const PARTS_AT_ONCE = 4
/** Of those that told everything, and as many of the others. */
const CACHED_TOKENS_MAX = 10_000
/** Requests under way at once: a stranger can ask for any address, and the node is for blocks and quotes, too. */
const LOOKUPS_AT_ONCE = 4
/** Asked for and waiting: the tokens of some large pages. */
const ASKED_TOKENS_MAX = 2_000
/** What was not answered is asked again after this: the node may have been behind the token's creation. */
const INCOMPLETE_MS = 10 * 60_000

/** keccak256 of `symbol()`, `name()` and `decimals()`, four bytes. */
const SELECTORS = ['0x95d89b41', '0x06fdde03', '0x313ce567'] as const

/** Wei, on every chain with the EVM. */
const NATIVE_DECIMALS = 18

type Cached = { readonly info: TokenInfo; readonly until: number }

/**
 * What tokens' contracts say of themselves, from the newest block. All of it is text by strangers: calls are bounded
 * in gas, answers in length, and a token that reverts or answers nonsense is a token without a name. Answers are kept.
 *
 * @param nativeSymbol of the chain's own currency, which no contract speaks for
 */
export function createRpcTokenReader(rpc: Rpc, nativeSymbol = 'ETH'): TokenReader {
  const native: TokenInfo = {
    address: NATIVE,
    symbol: nativeSymbol,
    name: nativeSymbol,
    decimals: NATIVE_DECIMALS,
  }
  // Apart, so that addresses that are no tokens never push out those that are.
  const complete = new Map<Address, TokenInfo>()
  const incomplete = new Map<Address, Cached>()
  const asking = new Map<Address, PromiseWithResolvers<void>>()
  const queue: Address[] = []
  let lookups = 0

  function knownOf(address: Address): TokenInfo | undefined {
    if (address === NATIVE) return native
    const kept = incomplete.get(address)
    if (kept && kept.until > performance.now()) return kept.info
    return complete.get(address)
  }

  async function read(addresses: readonly Address[]): Promise<TokenInfo[]> {
    const known = new Map<Address, TokenInfo>()
    for (const address of addresses) {
      const info = knownOf(address)
      if (info) known.set(address, info)
    }
    const missing = [...new Set(addresses)].filter((address) => !known.has(address))
    if (missing.length > 0) {
      ask(missing.filter((address) => !asking.has(address)))
      await Promise.all(missing.flatMap((address) => asking.get(address)?.promise ?? []))
    }
    return addresses.map(
      (address) => known.get(address) ?? knownOf(address) ?? unknownToken(address),
    )
  }

  /**
   * Begins to ask for these; whoever wants one of them meanwhile waits for the same answer. Some requests are under way
   * at once, however many ask: what waits for its turn goes into the next one together.
   */
  function ask(addresses: readonly Address[]): void {
    if (asking.size + addresses.length > ASKED_TOKENS_MAX)
      throw new AppError('unavailable', 'too many tokens are being asked for; ask again later', {
        details: { reason: 'busy' },
        audience: 'client',
      })
    for (const address of addresses) {
      asking.set(address, Promise.withResolvers<void>())
      queue.push(address)
    }
    while (queue.length > 0 && lookups < LOOKUPS_AT_ONCE) {
      const batch = queue.splice(0, TOKENS_BATCH)
      lookups++
      void lookUp(batch)
    }
  }

  /** Asks for a batch and settles those who wait for it; then the next one has its turn. */
  async function lookUp(batch: readonly Address[]): Promise<void> {
    let settle: (waiting: PromiseWithResolvers<void> | undefined) => void
    try {
      for (const info of await fetchTokens(rpc, batch)) keep(info)
      settle = (waiting) => waiting?.resolve()
    } catch (error) {
      settle = (waiting) => waiting?.reject(error)
    }
    for (const address of batch) {
      settle(asking.get(address))
      asking.delete(address)
    }
    lookups--
    ask([])
  }

  function keep(info: TokenInfo): void {
    const { address } = info
    const isComplete = info.symbol !== null && info.name !== null && info.decimals !== null
    incomplete.delete(address)
    if (isComplete) putBounded(complete, address, info)
    else putBounded(incomplete, address, { info, until: performance.now() + INCOMPLETE_MS })
  }

  return { read }
}

/** Keeps the newest of them. */
function putBounded<V>(kept: Map<Address, V>, address: Address, value: V): void {
  kept.delete(address)
  kept.set(address, value)
  const [oldest] = kept.keys()
  if (kept.size > CACHED_TOKENS_MAX && oldest) kept.delete(oldest)
}

const unknownToken = (address: Address): TokenInfo => ({
  address,
  symbol: null,
  name: null,
  decimals: null,
})

const callOf = (to: Address, data: Hex): RpcCall => ({
  method: 'eth_call',
  params: [{ to, data, gas: CALL_GAS }, 'latest'],
})

async function fetchTokens(rpc: Rpc, addresses: readonly Address[]): Promise<TokenInfo[]> {
  const answers = await callAll(
    rpc,
    addresses.flatMap((address) => SELECTORS.map((selector) => callOf(address, selector))),
  )
  return addresses.map((address, index) => {
    const [symbol, name, decimals] = answers.slice(index * SELECTORS.length)
    return {
      address,
      symbol: symbol === undefined ? null : decodeText(symbol),
      name: name === undefined ? null : decodeText(name),
      decimals: decimals === undefined ? null : decodeDecimals(decimals),
    }
  })
}

/** Undefined for a call that fails. One that does fails its whole request, so that is asked again in parts. */
async function callAll(rpc: Rpc, calls: readonly RpcCall[]): Promise<(Hex | undefined)[]> {
  try {
    return (await rpc.call(calls, (results) => results.map(toBytes))).value
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (calls.length === 1) return [undefined]
    const size = calls.length > SELECTORS.length ? SELECTORS.length : 1
    const parts = await mapConcurrent(partsOf(calls, size), PARTS_AT_ONCE, (part) =>
      callAll(rpc, part),
    )
    return parts.flat()
  }
}

const BYTES = /^0x([0-9a-f]{2})*$/i

function toBytes(result: unknown): Hex {
  if (typeof result !== 'string' || !BYTES.test(result))
    throw new RpcFailure('bad-answer', 'eth_call: not bytes')
  return result as Hex
}

/** The node answered, and said no: a revert, no gas left, an answer too large. */
function isRefusal(error: unknown): boolean {
  const failure = isAppError(error) ? error.cause : error
  if (!(failure instanceof RpcFailure)) return false
  return ['reverted', 'refused', 'too-large'].includes(failure.kind)
}
