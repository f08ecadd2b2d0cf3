import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { NATIVE } from '#core/dex/native.ts'
import { isAppError } from '#core/errors.ts'
import { type LookUpPorts, lookUpTokens } from './look-up-tokens.ts'
import type { TokenInfo, TokenReader, TokenTable } from './ports.ts'
import { infoOf, infoWith, namelessToken } from './token-words.ts'

/** Tokens in one request to the chain. */
const TOKENS_BATCH = 20
/** Requests under way at once: a stranger can ask for any address, and the node is for blocks and quotes, too. */
const LOOKUPS_AT_ONCE = 4
/** Asked for and waiting: the tokens of some large pages. */
const ASKED_TOKENS_MAX = 2_000
/** Of those that told everything, and as many of the others. */
const CACHED_TOKENS_MAX = 10_000
/** What is stored is read again after this: it may have been asked for anew. */
const STORED_MS = 60_000
/** A refusal that is not stored counts for so long. */
const REFUSED_MS = 10 * 60_000
/** After a failure the chain is left alone so long, so that answers do not wait for it one after the other. */
const FAILED_MS = 1_000

/** Wei, on every chain with the EVM. */
const NATIVE_DECIMALS = 18

export type ReadTokensPorts = LookUpPorts & {
  readonly tokens: TokenTable
  readonly clock: Clock
}

type Cached = { readonly info: TokenInfo; readonly untilMs: number }

/**
 * What is known of tokens: the store is asked first, then the chain. What the chain told is kept in memory, for ever
 * where nothing is missing; only a writer of the history stores it (see `createTokenCollector`).
 *
 * @param nativeSymbol of the chain's own currency, which no contract speaks for
 */
export function createTokenReader(
  ports: ReadTokensPorts,
  chainId: number,
  nativeSymbol = 'ETH',
): TokenReader {
  const { clock } = ports
  const native: TokenInfo = {
    address: NATIVE,
    symbol: nativeSymbol,
    name: nativeSymbol,
    decimals: NATIVE_DECIMALS,
    unknownBecause: null,
  }
  // Apart, so that addresses that are no tokens never push out those that are.
  const complete = new Map<Address, Cached>()
  const incomplete = new Map<Address, Cached>()
  const asking = new Map<Address, PromiseWithResolvers<void>>()
  const queue: Address[] = []
  let lookups = 0

  function keep(info: TokenInfo, ms: number): void {
    const cached = { info, untilMs: clock.monotonicMs() + ms }
    if (info.unknownBecause === null) {
      incomplete.delete(info.address)
      putBounded(complete, info.address, cached)
    } else if (!complete.has(info.address)) putBounded(incomplete, info.address, cached)
  }

  const cachedOf = (address: Address): Cached | undefined =>
    complete.get(address) ?? incomplete.get(address)

  function freshOf(address: Address): TokenInfo | undefined {
    if (address === NATIVE) return native
    const cached = cachedOf(address)
    return cached && cached.untilMs > clock.monotonicMs() ? cached.info : undefined
  }

  async function read(
    addresses: readonly Address[],
    until?: Promise<unknown>,
  ): Promise<TokenInfo[]> {
    const wanted = [...new Set(addresses)].filter((address) => !freshOf(address))
    const known = new Map<Address, TokenInfo>()
    if (wanted.length > 0) {
      const stored = await ports.tokens.read(chainId, wanted)
      for (const token of stored) if (token) keep(infoOf(token), STORED_MS)
    }
    // What told everything once is never asked for again here, also where the store does not have it.
    const missing = wanted.filter((address) => !complete.has(address) && !freshOf(address))
    const busy = ask(missing.filter((address) => !asking.has(address)))
    const answers = Promise.all(missing.flatMap((address) => asking.get(address)?.promise ?? []))
    if (missing.length > 0) await (until ? Promise.race([answers, until]) : answers)
    for (const address of busy) known.set(address, namelessToken(address, 'busy'))
    return addresses.map(
      (address) =>
        freshOf(address) ??
        known.get(address) ??
        cachedOf(address)?.info ??
        namelessToken(address, 'unavailable'),
    )
  }

  /**
   * Begins to ask for these; whoever wants one of them meanwhile waits for the same answer. Some requests are under way
   * at once, however many ask: what waits for its turn goes into the next one together.
   *
   * @returns those that there is no room for
   */
  function ask(addresses: readonly Address[]): readonly Address[] {
    const room = ASKED_TOKENS_MAX - asking.size
    for (const address of addresses.slice(0, room)) {
      asking.set(address, Promise.withResolvers<void>())
      queue.push(address)
    }
    while (queue.length > 0 && lookups < LOOKUPS_AT_ONCE) {
      const batch = queue.splice(0, TOKENS_BATCH)
      lookups++
      void lookUp(batch)
    }
    return addresses.slice(room)
  }

  /** Asks for a batch and settles those who wait for it; then the next one has its turn. */
  async function lookUp(batch: readonly Address[]): Promise<void> {
    let failure: unknown
    try {
      for (const { token, isKnown } of await lookUpTokens(ports, batch)) {
        const info = infoWith(token, isKnown ? 'refused' : 'unavailable')
        keep(info, info.unknownBecause === null ? Infinity : isKnown ? REFUSED_MS : FAILED_MS)
      }
    } catch (error) {
      if (isAppError(error))
        for (const address of batch) keep(namelessToken(address, 'unavailable'), FAILED_MS)
      else failure = error
    }
    for (const address of batch) {
      if (failure === undefined) asking.get(address)?.resolve()
      else asking.get(address)?.reject(failure)
      asking.delete(address)
    }
    lookups--
    ask([])
  }

  return { read }
}

/** Keeps the newest of them. */
function putBounded(kept: Map<Address, Cached>, address: Address, value: Cached): void {
  kept.delete(address)
  kept.set(address, value)
  const [oldest] = kept.keys()
  if (kept.size > CACHED_TOKENS_MAX && oldest) kept.delete(oldest)
}
