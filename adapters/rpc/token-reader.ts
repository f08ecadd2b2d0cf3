import type { Address, Hex } from '#core/chain.ts'
import { mapConcurrent, partsOf } from '#core/concurrent.ts'
import { NATIVE } from '#core/dex/native.ts'
import type { TokenInfo, TokenReader } from '#core/dex/ports.ts'
import { isAppError } from '#core/errors.ts'
import { RpcFailure, type RpcCall } from './endpoint.ts'
import type { Rpc } from './rpc.ts'
import { decodeDecimals, decodeText } from './token-text.ts'

/** For each call: enough for a proxy over a string in storage, too little for an answer of megabytes. */
const CALL_GAS = '0x30d40'
/** Tokens in one request, with three calls each. */
const TOKENS_BATCH = 20
/** Where a request is asked again in parts. */
const PARTS_AT_ONCE = 4
const CACHED_TOKENS_MAX = 10_000
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
  const cache = new Map<Address, Cached>()
  const asking = new Map<Address, Promise<unknown>>()

  async function read(addresses: readonly Address[]): Promise<TokenInfo[]> {
    const known = new Map<Address, TokenInfo>()
    const now = performance.now()
    for (const address of addresses) {
      const cached = cache.get(address)
      if (address === NATIVE) known.set(address, native)
      else if (cached && cached.until > now) known.set(address, cached.info)
    }
    const missing = [...new Set(addresses)].filter((address) => !known.has(address))
    if (missing.length > 0) {
      ask(missing.filter((address) => !asking.has(address)))
      await Promise.all(missing.flatMap((address) => asking.get(address) ?? []))
    }
    return addresses.map(
      (address) => known.get(address) ?? cache.get(address)?.info ?? unknownToken(address),
    )
  }

  /** Begins to ask for these; whoever wants one of them meanwhile waits for the same answer. */
  function ask(addresses: readonly Address[]): void {
    for (let first = 0; first < addresses.length; first += TOKENS_BATCH) {
      const batch = addresses.slice(first, first + TOKENS_BATCH)
      const answer = fetchTokens(rpc, batch)
        .then((infos) => infos.forEach(keep))
        .finally(() => batch.forEach((address) => asking.delete(address)))
      for (const address of batch) asking.set(address, answer)
    }
  }

  function keep(info: TokenInfo): void {
    const complete = info.symbol !== null && info.name !== null && info.decimals !== null
    cache.delete(info.address)
    cache.set(info.address, {
      info,
      until: complete ? Number.POSITIVE_INFINITY : performance.now() + INCOMPLETE_MS,
    })
    const [oldest] = cache.keys()
    if (cache.size > CACHED_TOKENS_MAX && oldest) cache.delete(oldest)
  }

  return { read }
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
