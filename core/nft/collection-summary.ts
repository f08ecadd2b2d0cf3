import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import { isBurnAddress } from './burn.ts'
import { incompleteCollection, refuseTooManyMoves } from './whole-collection.ts'
import { type TokenStandard, tokensOf, type Transfer } from './transfer.ts'

/** How much is held for how long now: whole days from the one before to `daysMax`; null: and longer. */
export type HoldingTime = {
  readonly daysMax: number | null
  /** Tokens of accounts. */
  readonly holdings: number
  /** Tokens of ERC-721, units of ERC-1155. */
  readonly amount: bigint
}

/** What can be said of a collection as a whole, at a block. */
export type CollectionSummary = {
  readonly collection: Address
  readonly standard: TokenStandard
  readonly block: BlockRef
  /** Different tokens that somebody holds; the burn addresses hold nothing. */
  readonly tokenCount: number
  /** Tokens of ERC-721, units of ERC-1155. */
  readonly amount: bigint
  readonly holderCount: number
  /** What the one that has most has. */
  readonly largestAmount: bigint
  /** Moves of tokens between accounts, and those that made or destroyed some. */
  readonly transferCount: number
  readonly mintCount: number
  readonly burnCount: number
  /** In seconds since 1970; null where there was none. */
  readonly firstMoveAt: number | null
  readonly lastMoveAt: number | null
  readonly holdingTimes: readonly HoldingTime[]
  /** Of all holdings, in seconds; null where there are none. */
  readonly medianHeldSeconds: number | null
}

/** Upper ends of how long something is held, in days. */
const DAYS = [1, 7, 30, 90, 180, 365, null] as const
const DAY_SECONDS = 86_400

type Held = { amount: bigint; since: number }

/** Goes through the moves of a collection in their order, and says what they come to. */
export type CollectionFold = {
  /** @param timestamp of the block, in seconds since 1970 @throws AppError `conflict` (`index-incomplete`); `invalid` (`too-costly`) */
  add(body: Transfer, timestamp: number): void
  /** @param timestamp of `block` */
  result(block: BlockRef, timestamp: number): CollectionSummary
}

export function createCollectionFold(collection: Address, standard: TokenStandard): CollectionFold {
  const tokens = new Map<bigint, Map<Address, Held>>()
  let moves = 0
  const counts = { transfers: 0, mints: 0, burns: 0 }
  let [firstMoveAt, lastMoveAt]: [number | null, number | null] = [null, null]

  function take(held: Map<Address, Held>, tokenId: bigint, from: Address, amount: bigint): void {
    const known = held.get(from)
    if ((known?.amount ?? 0n) < amount)
      throw incompleteCollection(
        collection,
        `${from} had token ${tokenId} before any transfer to it`,
      )
    if (!known) return
    known.amount -= amount
    if (known.amount === 0n) held.delete(from)
  }

  function give(held: Map<Address, Held>, to: Address, amount: bigint, timestamp: number): void {
    const known = held.get(to)
    if (known) known.amount += amount
    // What is added later to what somebody holds does not make it younger.
    else if (amount > 0n) held.set(to, { amount, since: timestamp })
  }

  function move(tokenId: bigint, { from, to }: Transfer, amount: bigint, timestamp: number): void {
    const held = tokens.get(tokenId) ?? new Map<Address, Held>()
    tokens.set(tokenId, held)
    if (standard === 'erc721') {
      // A token has one owner, whatever its transfers say of the one before.
      const isNew = held.size === 0
      if (isNew && from !== ZERO_ADDRESS)
        throw incompleteCollection(
          collection,
          `token ${tokenId} was there before its first indexed transfer`,
        )
      if (held.has(to)) return
      held.clear()
      if (to !== ZERO_ADDRESS) give(held, to, 1n, timestamp)
      else tokens.delete(tokenId)
      return
    }
    if (from === to) return
    if (from !== ZERO_ADDRESS) take(held, tokenId, from, amount)
    if (to !== ZERO_ADDRESS) give(held, to, amount, timestamp)
    if (held.size === 0) tokens.delete(tokenId)
  }

  return {
    add(body, timestamp) {
      for (const { tokenId, amount } of tokensOf(body)) {
        refuseTooManyMoves(collection, ++moves)
        if (body.from === ZERO_ADDRESS) counts.mints++
        else if (isBurnAddress(body.to)) counts.burns++
        else counts.transfers++
        move(tokenId, body, amount, timestamp)
      }
      firstMoveAt ??= timestamp
      lastMoveAt = timestamp
    },
    result(block, timestamp) {
      const byOwner = new Map<Address, bigint>()
      const ages: { readonly seconds: number; readonly amount: bigint }[] = []
      let tokenCount = 0
      for (const held of tokens.values()) {
        let isHeld = false
        for (const [owner, { amount, since }] of held) {
          if (isBurnAddress(owner)) continue
          isHeld = true
          byOwner.set(owner, (byOwner.get(owner) ?? 0n) + amount)
          ages.push({ seconds: Math.max(timestamp - since, 0), amount })
        }
        if (isHeld) tokenCount++
      }
      ages.sort((a, b) => a.seconds - b.seconds)
      const amounts = [...byOwner.values()]
      return {
        collection,
        standard,
        block,
        tokenCount,
        amount: amounts.reduce((sum, each) => sum + each, 0n),
        holderCount: byOwner.size,
        largestAmount: amounts.reduce((most, each) => (each > most ? each : most), 0n),
        transferCount: counts.transfers,
        mintCount: counts.mints,
        burnCount: counts.burns,
        firstMoveAt,
        lastMoveAt,
        holdingTimes: timesOf(ages),
        medianHeldSeconds: ages[Math.floor(ages.length / 2)]?.seconds ?? null,
      }
    },
  }
}

/** @param ages ascending */
function timesOf(
  ages: readonly { readonly seconds: number; readonly amount: bigint }[],
): HoldingTime[] {
  let from = 0
  return DAYS.map((daysMax) => {
    let [holdings, amount] = [0, 0n]
    for (; from < ages.length; from++) {
      const age = ages[from]
      if (!age || (daysMax !== null && age.seconds >= daysMax * DAY_SECONDS)) break
      holdings++
      amount += age.amount
    }
    return { daysMax, holdings, amount }
  })
}
