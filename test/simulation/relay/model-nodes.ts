import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type {
  OperationAsk,
  OperationSight,
  RelayChain,
  SenderSight,
  Sight,
} from '#core/relay/ports.ts'
import type { Random } from '../../fakes/random.ts'
import { type Block, FINAL_DEPTH, type ModelChain } from './model-chain.ts'

export type Weather = {
  /** Whether anything still goes wrong. */
  isOn: boolean
  /** Which node lies; -1: none. */
  liar: number
}

/** Nodes of the chain: some are behind, some are silent, one may say whatever it likes. */
export function createModelNodes(
  chain: ModelChain,
  {
    random,
    sha256,
    nodeCount,
    weather,
  }: {
    readonly random: Random
    readonly sha256: Sha256
    readonly nodeCount: number
    readonly weather: Weather
  },
): RelayChain {
  const operationSight = (latest: Block, final: Block, ask: OperationAsk): OperationSight => {
    const spent = final.spent.get(ask.operation)
    return {
      latest: chain.statusIn(latest, ask.operation),
      final: chain.statusIn(final, ask.operation),
      event: spent
        ? {
            blockNumber: spent.blockNumber,
            blockHash: spent.blockHash,
            transaction: spent.by,
            account: spent.wallet,
            amountRaw: spent.amountRaw,
          }
        : null,
      isReverted: ask.transactions.some((hash) => final.reverted.has(hash)),
    }
  }
  const lie = (sight: OperationSight): OperationSight => ({
    latest: random.pick(['none', 'spent', 'cancelled'] as const),
    final: random.pick(['none', 'spent', 'cancelled'] as const),
    event: random.chance(0.5)
      ? sight.event
      : {
          blockNumber: 3,
          blockHash: sha256('lie'),
          transaction: sha256(`lie ${random.int(3)}`),
          account: `0x${'aa'.repeat(20)}`,
          amountRaw: BigInt(random.int(9)),
        },
    isReverted: random.chance(0.5),
  })
  const senderSight = (latest: Block, final: Block, sender: Address): SenderSight => ({
    latestCount: latest.counts.get(sender) ?? 0,
    finalCount: final.counts.get(sender) ?? 0,
    pendingCount: chain.pending(sender),
    balanceRaw: 10n ** 18n,
  })
  const lieOf = (): SenderSight => ({
    latestCount: random.int(30),
    finalCount: random.int(30),
    pendingCount: random.int(30),
    balanceRaw: BigInt(random.int(2)) * 10n ** 18n,
  })
  return {
    nodeCount,
    async look(operations, senders) {
      const sights: Sight[] = []
      for (let node = 0; node < nodeCount; node++) {
        if (weather.isOn && random.chance(0.1)) continue
        const lag = weather.isOn ? random.pick([0, 0, 1, 3]) : 0
        const [latest, final] = [chain.at(lag), chain.at(lag + FINAL_DEPTH)]
        const isLying = node === weather.liar
        if (isLying) chain.count('lies')
        sights.push({
          latest,
          final: isLying ? { ...final, timestamp: final.timestamp + random.int(1_000) } : final,
          operations: operations.map((ask) => {
            const sight = operationSight(latest, final, ask)
            return isLying ? lie(sight) : sight
          }),
          senders: senders.map((each) => (isLying ? lieOf() : senderSight(latest, final, each))),
        })
      }
      if (sights.length === 0) throw new AppError('unavailable', 'chain.rpc: nobody answers')
      return sights
    },
    fees: async () => ({ baseRaw: chain.base(), tipRaw: 1n }),
    rehearse: async (_, { operation, deadlineS }) =>
      chain.isPaused() ||
      chain.statusIn(chain.head(), operation) !== 'none' ||
      chain.head().timestamp > deadlineS
        ? 'it reverts'
        : null,
    events: async ({ from, to }) => {
      const events = chain
        .at(0)
        .spent.values()
        .filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to)
        .map(({ operation, wallet, amountRaw, blockNumber, blockHash, by }) => ({
          kind: 'spent' as const,
          operation,
          amountRaw,
          blockNumber,
          blockHash,
          account: wallet,
          transaction: by,
        }))
        .toArray()
      return Array.from({ length: nodeCount }, () => events)
    },
    async send(bytes) {
      // What a node answers says nothing of what it has done.
      const isTaken = !weather.isOn || random.chance(0.8) ? chain.submit(bytes) : false
      return (weather.isOn ? random.chance(0.5) : isTaken) ? 'accepted' : 'refused'
    },
  }
}
