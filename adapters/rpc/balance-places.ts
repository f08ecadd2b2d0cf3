import { encodeArguments, encodeCall } from '#core/abi.ts'
import type { Address, BlockRef, Hash, Hex } from '#core/chain.ts'
import { mapConcurrent, partsOf } from '#core/concurrent.ts'
import { knownPlaces, type Slot, slotsOfAccount } from './balance-candidates.ts'
import { isTooMuch, type Lens, type Override } from './lens.ts'

/** A slot that gives the account of lens.sol a balance, and how: `word` in it is read as `balance` raw units. */
export type BalancePlace = Slot & { readonly word: bigint; readonly balance: bigint }

/**
 * Where tokens keep the balance of the account of lens.sol. Found by trying slots one at a time, so that nothing else
 * of the token is changed: neither its lists of blocked accounts nor its exemptions from fees.
 */
export type BalancePlaces = {
  /** Those that have one. @throws AppError `unavailable` when the chain cannot be asked */
  find(block: BlockRef, tokens: readonly Address[]): Promise<ReadonlyMap<Address, BalancePlace>>
  /**
   * That a place gave no balance, as after an upgrade of the token: it is searched again, but not if it was found just
   * now. Says whether it will be.
   */
  doubt(block: BlockRef, token: Address): boolean
}

const PLACES_KEPT_MAX = 10_000
/** A token without a place is searched again after this many blocks: it may have been upgraded. */
const BLOCKS_UNTIL_RETRY = 5_000
/** A place that fails is searched again if it was found so many blocks ago; a token must not cause a search each time. */
const BLOCKS_UNTIL_DOUBT = 100
const TOKENS_PER_CALL = 20
const CALLS_AT_ONCE = 4
const TOKENS_AT_ONCE = 2
/** Where no node tells which slots are read: the first ones of Solidity's contracts. */
const SLOTS_TRIED_MAX = 14
/** `holdings(address[],address)` of lens.sol. */
const HOLDINGS = '0x36e5cd70'
/** Receives in trials whether a balance can be sent. */
const RECEIVER: Address = '0x68616c796172642d74616b65722d303030303030'
/** Values that tell known places apart: so small that no flag of a packed word is touched. */
const MARK = 1n << 40n
/**
 * What is written to a slot in turn: one bit each, so that a balance behind other fields, or one that is a share of
 * something, shows with at least one of them, and no two fields are touched at once.
 */
const WORDS = [1n << 80n, 1n << 160n, 1n << 240n]

type Holding = { readonly held: bigint; readonly isMovable: boolean }
type Found = BalancePlace & { readonly isMovable: boolean }
type Known = { readonly place: BalancePlace | undefined; readonly block: number }

export function createBalancePlaces(lens: Lens, keccak: (bytes: Hex) => Hash): BalancePlaces {
  const places = knownPlaces(keccak)
  const known = new Map<Address, Known>()
  const searching = new Map<Address, Promise<void>>()

  /** What each token says that the account holds, with these words in these slots; undefined: no answer. */
  async function holdings(
    block: BlockRef,
    tokens: readonly Address[],
    writes: readonly (readonly [Slot, bigint])[],
  ): Promise<(Holding | undefined)[]> {
    const data = encodeCall(HOLDINGS, [{ array: tokens }, RECEIVER])
    const words = await lens.call(block, data, overridesOf(writes))
    return tokens.map((_, index) => {
      const at = 2 + index * 3
      if (words.uint(at) === 0n) return undefined
      return { held: words.uint(at + 1), isMovable: words.uint(at + 2) === 1n }
    })
  }

  /**
   * A number of its own in each place at once tells which one is read; that one is then tried alone. `silent`: tokens
   * that do not answer.
   */
  async function findKnown(
    block: BlockRef,
    tokens: readonly Address[],
    candidates: readonly Hash[],
  ): Promise<{ found: Map<Address, Found>; silent: Set<Address> }> {
    const marks = tokens.flatMap((contract) =>
      candidates.map((slot, index) => [{ contract, slot }, MARK + BigInt(index)] as const),
    )
    const marked = await holdings(block, tokens, marks)
    const hits = tokens.flatMap((contract, index) => {
      const slot = candidates[Number((marked[index]?.held ?? 0n) - MARK)]
      return slot === undefined ? [] : [{ contract, slot, word: MARK, balance: MARK }]
    })
    const silent = new Set(tokens.filter((_, index) => marked[index] === undefined))
    const found = new Map<Address, Found>()
    if (hits.length === 0) return { found, silent }
    const alone = await holdings(
      block,
      hits.map(({ contract }) => contract),
      hits.map((hit) => [hit, hit.word]),
    )
    for (const [index, hit] of hits.entries()) {
      const holding = alone[index]
      if (holding?.held === hit.balance)
        found.set(hit.contract, { ...hit, isMovable: holding.isMovable })
    }
    return { found, silent }
  }

  /** Each slot alone, with each word. A balance that can be sent is preferred to one that is locked up. */
  async function findAmong(
    block: BlockRef,
    token: Address,
    candidates: readonly Slot[],
  ): Promise<Found | undefined> {
    const tries = candidates.flatMap((slot) => WORDS.map((word) => ({ ...slot, word })))
    const answers = await mapConcurrent(tries, CALLS_AT_ONCE, async (one) => {
      const [holding] = await holdings(block, [token], [[one, one.word]])
      return { ...one, balance: holding?.held ?? 0n, isMovable: holding?.isMovable ?? false }
    })
    return answers.filter(({ balance }) => balance > 0n).toSorted(byUse)[0]
  }

  async function searchFurther(block: BlockRef, token: Address): Promise<Found | undefined> {
    const read = await slotsOfAccount(lens, block, token)
    if (read) return findAmong(block, token, read)
    const { found } = await findKnown(block, [token], places.all)
    const slots = places.usual.slice(0, SLOTS_TRIED_MAX)
    return (
      found.get(token) ??
      findAmong(
        block,
        token,
        slots.map((slot) => ({ contract: token, slot })),
      )
    )
  }

  async function search(block: BlockRef, tokens: readonly Address[]): Promise<void> {
    try {
      const { found, silent } = await findKnown(block, tokens, places.usual)
      await mapConcurrent(tokens, TOKENS_AT_ONCE, async (token) => {
        const usual = found.get(token)
        const isEnough = usual?.isMovable === true || silent.has(token)
        const place = isEnough ? usual : better(usual, await searchFurther(block, token))
        keep(token, { place, block: block.number })
      })
    } catch (error) {
      if (tokens.length === 1 || !isTooMuch(error)) throw error
      await mapConcurrent(tokens, TOKENS_AT_ONCE, (token) => search(block, [token]))
    }
  }

  function keep(token: Address, entry: Known): void {
    known.delete(token)
    known.set(token, entry)
    const [oldest] = known.keys()
    if (known.size > PLACES_KEPT_MAX && oldest) known.delete(oldest)
  }

  const isKnown = (token: Address, block: BlockRef): boolean => {
    const entry = known.get(token)
    if (!entry) return false
    return entry.place !== undefined || block.number - entry.block < BLOCKS_UNTIL_RETRY
  }

  return {
    async find(block, tokens) {
      const wanted = [...new Set(tokens)]
      const missing = wanted.filter((token) => !isKnown(token, block))
      // Whoever wants one of them meanwhile waits for the same search.
      for (const part of partsOf(
        missing.filter((token) => !searching.has(token)),
        TOKENS_PER_CALL,
      )) {
        const work = search(block, part).finally(() => {
          for (const token of part) searching.delete(token)
        })
        for (const token of part) searching.set(token, work)
      }
      await Promise.all(missing.flatMap((token) => searching.get(token) ?? []))
      return new Map(
        wanted.flatMap((token) => {
          const place = known.get(token)?.place
          return place ? [[token, place] as const] : []
        }),
      )
    },
    doubt(block, token) {
      const entry = known.get(token)
      if (!entry?.place || block.number - entry.block < BLOCKS_UNTIL_DOUBT) return false
      known.delete(token)
      return true
    },
  }
}

const byUse = (a: Found, b: Found): number => {
  if (a.isMovable !== b.isMovable) return a.isMovable ? -1 : 1
  return a.balance < b.balance ? 1 : -1
}

const better = (a: Found | undefined, b: Found | undefined): Found | undefined =>
  b && (!a || b.isMovable) ? b : a

/**
 * The word that gives at least so many raw units. Where balances are shares of something, a thousandth more: what the
 * share is worth was read to a few digits only.
 */
export function wordFor({ word, balance }: BalancePlace, amount: bigint): bigint {
  if (word % balance === 0n) return amount * (word / balance)
  const more = amount + amount / 1_000n + 1n
  return (more * word + balance - 1n) / balance
}

export function overridesOf(
  writes: readonly (readonly [Slot, bigint])[],
): Record<Address, Override> {
  const slots = new Map<Address, Record<Hash, Hex>>()
  for (const [{ contract, slot }, word] of writes) {
    const ofContract = slots.get(contract) ?? {}
    ofContract[slot] = encodeArguments([word])
    slots.set(contract, ofContract)
  }
  return Object.fromEntries([...slots].map(([contract, stateDiff]) => [contract, { stateDiff }]))
}
