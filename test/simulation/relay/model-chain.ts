import type { Address, Hash, Hex } from '#core/chain.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { OnChainStatus, SpendCall, TransactionDraft } from '#core/relay/ports.ts'
import type { Random } from '../../fakes/random.ts'

export const FINAL_DEPTH = 4
export const BLOCK_S = 12

type Transaction = TransactionDraft & { readonly sender: Address; readonly hash: Hash }
type Spent = SpendCall & {
  readonly blockNumber: number
  readonly blockHash: Hash
  readonly by: Hash
}

/** The whole state behind a block. */
export type Block = {
  readonly number: number
  readonly hash: Hash
  readonly timestamp: number
  readonly counts: ReadonlyMap<Address, number>
  readonly spent: ReadonlyMap<Hash, Spent>
  readonly cancelled: ReadonlySet<Hash>
  /** Transactions that failed. */
  readonly reverted: ReadonlySet<Hash>
  readonly transactions: readonly Transaction[]
}

/** A chain with a points contract, written as simply as can be: every block has the whole state behind it. */
export function createModelChain(random: Random, sha256: Sha256) {
  const blocks: Block[] = [
    {
      number: 0,
      hash: sha256('genesis'),
      timestamp: 1_700_000_000,
      counts: new Map(),
      spent: new Map(),
      cancelled: new Set(),
      reverted: new Set(),
      transactions: [],
    },
  ]
  const known = new Map<Hex, Transaction>()
  const pool = new Map<Hash, Transaction>()
  const tally: Record<string, number> = {}
  const count = (what: string): void => void (tally[what] = (tally[what] ?? 0) + 1)
  const head = (): Block => blocks.at(-1) as Block
  let isPaused = false
  let baseRaw = 10n
  let blockCount = 0
  /** No block up to here is taken back any more, how short the chain may have become since. */
  let finalNumber = 0

  /** What a block does: outside transactions, redeemed vouchers and those that wait, each at most once. */
  function mine(
    { outside = [], redeemed = [] }: { outside?: Address[]; redeemed?: SpendCall[] } = {},
    share = 0.8,
  ): void {
    const parent = head()
    const number = parent.number + 1
    const hash = sha256(`block ${number} ${(blockCount += 1)}`)
    const timestamp = parent.timestamp + BLOCK_S
    const [counts, spent] = [new Map(parent.counts), new Map(parent.spent)]
    const reverted = new Set(parent.reverted)
    const transactions: Transaction[] = []
    const use = (spend: SpendCall, by: Hash): boolean => {
      const isUsed = spent.has(spend.operation) || parent.cancelled.has(spend.operation)
      if (spent.has(spend.operation)) count('used again')
      if (isPaused || isUsed || timestamp > spend.deadlineS) return false
      spent.set(spend.operation, { ...spend, blockNumber: number, blockHash: hash, by })
      return true
    }
    for (const spend of redeemed)
      if (!spent.has(spend.operation)) use(spend, sha256(`redeemed ${spend.operation}`))
    for (const sender of outside) {
      counts.set(sender, (counts.get(sender) ?? 0) + 1)
      count('outside')
    }
    for (;;) {
      const ready = [...pool.values()]
        .filter(
          ({ sender, nonce, feeMaxRaw }) =>
            nonce === (counts.get(sender) ?? 0) && feeMaxRaw >= baseRaw,
        )
        .toSorted((a, b) => Number(b.tipRaw - a.tipRaw))
      const [next] = ready
      if (!next || !random.chance(share)) break
      counts.set(next.sender, next.nonce + 1)
      pool.delete(next.hash)
      transactions.push(next)
      if (next.spend && !use(next.spend, next.hash)) {
        reverted.add(next.hash)
        count('reverted')
      }
    }
    const { cancelled } = parent
    finalNumber = Math.max(finalNumber, number - FINAL_DEPTH)
    blocks.push({ number, hash, timestamp, counts, spent, cancelled, reverted, transactions })
  }

  return {
    tally,
    count,
    head,
    /** @param lag blocks that somebody has not seen yet */
    at: (lag: number): Block => blocks[Math.max(0, blocks.length - 1 - lag)] as Block,
    mine,
    /** Takes the newest blocks back; some of their transactions are forgotten. None that is final. */
    reorg(depth: number): void {
      const most = head().number - finalNumber
      for (let left = Math.min(depth, most); left > 0; left--) {
        const gone = blocks.pop() as Block
        for (const each of gone.transactions) if (random.chance(0.7)) pool.set(each.hash, each)
        count('taken back')
      }
    },
    /** Nodes forget what waits. */
    forget(): void {
      for (const hash of pool.keys()) if (random.chance(0.5)) pool.delete(hash)
      count('forgotten')
    },
    cancel(operation: Hash): void {
      const block = head()
      if (block.spent.has(operation)) return
      blocks[blocks.length - 1] = { ...block, cancelled: new Set([...block.cancelled, operation]) }
      count('cancelled')
    },
    setPaused: (paused: boolean): void => void (isPaused = paused),
    isPaused: (): boolean => isPaused,
    setBase: (raw: bigint): void => void (baseRaw = raw),
    base: (): bigint => baseRaw,
    /** Makes bytes of it, of which no two are the same, as where a signer takes random numbers. */
    sign(sender: Address, draft: TransactionDraft): { hash: Hash; bytes: Hex } {
      const hash = sha256(`${sender} ${draft.nonce} ${known.size} ${random.next()}`)
      known.set(hash, { ...draft, sender, hash })
      return { hash, bytes: hash }
    },
    /** @returns whether it may be mined yet */
    submit(bytes: Hex): boolean {
      const transaction = known.get(bytes)
      if (!transaction) throw new Error('nobody has signed this')
      const { sender, nonce, feeMaxRaw, tipRaw } = transaction
      if (nonce < (head().counts.get(sender) ?? 0)) return false
      for (const other of pool.values())
        if (other.sender === sender && other.nonce === nonce) {
          const isMore =
            feeMaxRaw * 10n >= other.feeMaxRaw * 11n && tipRaw * 10n >= other.tipRaw * 11n
          if (!isMore) return other.hash === transaction.hash
          pool.delete(other.hash)
          count('replaced')
        }
      pool.set(transaction.hash, transaction)
      return true
    },
    pending: (sender: Address): number => {
      let next = head().counts.get(sender) ?? 0
      const waits = new Set(
        [...pool.values()].filter((each) => each.sender === sender).map((each) => each.nonce),
      )
      while (waits.has(next)) next++
      return next
    },
    /** Everything that was ever given to a node, once more. */
    submitAll(all: Iterable<Hex>): void {
      for (const bytes of all) this.submit(bytes)
    },
    statusIn: ({ spent, cancelled }: Block, operation: Hash): OnChainStatus =>
      spent.has(operation) ? 'spent' : cancelled.has(operation) ? 'cancelled' : 'none',
  }
}

export type ModelChain = ReturnType<typeof createModelChain>
