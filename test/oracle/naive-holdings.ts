const NOBODY = `0x${'0'.repeat(40)}`

/** Who holds what of NFT collections, from transfers alone, with plain maps. */
export type NaiveHoldings = {
  readonly documents: () => { readonly kind: string; readonly value: object }[]
  move(transfer: {
    readonly collection: string
    readonly standard: 'erc721' | 'erc1155'
    readonly from: string
    readonly to: string
    readonly tokenId: bigint
    readonly amount: bigint
  }): void
}

type NaiveHolding = {
  collection: string
  tokenId: bigint
  owner: string
  standard: string
  amount: bigint
  shortfall: bigint
}

export function createNaiveHoldings(): NaiveHoldings {
  const holdings = new Map<string, NaiveHolding>()
  /** Of ERC-721: who got a token last. */
  const owners = new Map<string, { collection: string; tokenId: bigint; owner: string }>()

  function holdingOf(
    collection: string,
    standard: string,
    tokenId: bigint,
    owner: string,
  ): NaiveHolding {
    const key = `${collection} ${tokenId} ${owner}`
    const holding = holdings.get(key) ?? {
      collection,
      tokenId,
      owner,
      standard,
      amount: 0n,
      shortfall: 0n,
    }
    holdings.set(key, holding)
    return holding
  }

  return {
    move({ collection, standard, from: named, to, tokenId, amount }) {
      let from = named
      if (standard === 'erc721') {
        const key = `${collection} ${tokenId}`
        from = owners.get(key)?.owner ?? named
        owners.set(key, { collection, tokenId, owner: to })
      }
      if (from !== NOBODY) {
        const sender = holdingOf(collection, standard, tokenId, from)
        // What it was never seen to get, it must have had before.
        if (amount > sender.amount) {
          sender.shortfall += amount - sender.amount
          sender.amount = 0n
        } else sender.amount -= amount
      }
      if (to !== NOBODY) {
        const receiver = holdingOf(collection, standard, tokenId, to)
        receiver.amount = standard === 'erc721' ? 1n : receiver.amount + amount
      }
    },
    documents() {
      // Counted over all holdings at the end, not kept along.
      const holders = new Map<
        string,
        { collection: string; owner: string; tokenCount: number; amount: bigint }
      >()
      for (const { collection, owner, amount } of holdings.values()) {
        const key = `${collection} ${owner}`
        const holder = holders.get(key) ?? { collection, owner, tokenCount: 0, amount: 0n }
        if (amount > 0n) holder.tokenCount += 1
        holder.amount += amount
        holders.set(key, holder)
      }
      return [
        ...[...holdings.values()].map((value) => ({ kind: 'holding', value })),
        ...[...owners.values()].map((value) => ({ kind: 'ownership', value })),
        ...[...holders.values()].map((value) => ({ kind: 'holder', value })),
      ]
    },
  }
}
