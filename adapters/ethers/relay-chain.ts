import { type Address, type Hash, type Hex, isHash } from '#core/chain.ts'
import { partsOf } from '#core/concurrent.ts'
import { AppError } from '#core/errors.ts'
import type { SpendEvidence } from '#core/relay/intent.ts'
import type {
  OnChainStatus,
  OperationAsk,
  OperationSight,
  PointsEvent,
  RelayChain,
  SendAnswer,
  SenderSight,
  Sight,
} from '#core/relay/ports.ts'
import { points } from './points-interface.ts'

export type NodeCall = { readonly method: string; readonly params: readonly unknown[] }

/** What one node says to one call. */
export type NodeAnswer =
  | { readonly result: unknown }
  | { readonly failure: string; readonly isRevert: boolean; readonly data: unknown }

/** A conversation with one node. @throws whatever says that it cannot be used */
type NodeTalk = (calls: readonly NodeCall[]) => Promise<NodeAnswer[]>

/** All nodes of the chain. */
export type Nodes = {
  readonly count: number
  /** Those that fail are left out. */
  survey<T>(talk: (ask: NodeTalk) => Promise<T>): Promise<T[]>
  /** The first that answers. @throws AppError `unavailable` where none does */
  first<T>(talk: (ask: NodeTalk) => Promise<T>): Promise<T>
}

export type RelayChainOptions = {
  readonly contract: Address
  /** The block in which the contract was made, or one before it. */
  readonly startBlock: number
  readonly finality: 'finalized' | number
}

/** Calls of one request. */
const CALLS_MAX = 100
/** Blocks of one search for an event; nodes allow at least so many where the filter names a contract and topics. */
const SEARCH_BLOCKS = 2_000
/** Searches for one event: what has waited for longer is looked for by hand. */
const SEARCHES_MAX = 500
/** Where a node does not advise a tip: a gwei. */
const TIP_RAW = 1_000_000_000n

/** The points contract on a chain, as every one of its nodes sees it. */
export function createEthersRelayChain(
  nodes: Nodes,
  { contract, startBlock, finality }: RelayChainOptions,
): RelayChain {
  async function sightOf(
    talk: NodeTalk,
    operations: readonly OperationAsk[],
    senders: readonly Address[],
  ): Promise<Sight> {
    const ask = inParts(talk)
    const latest = blockOf((await ask([blockCall('latest')]))[0])
    const tag = finality === 'finalized' ? finality : hex(Math.max(0, latest.number - finality))
    const final = blockOf((await ask([blockCall(tag)]))[0])
    const at = (hash: Hash) => ({ blockHash: hash, requireCanonical: true })
    const status = (operation: Hash, hash: Hash): NodeCall => ({
      method: 'eth_call',
      params: [
        { to: contract, data: points.encodeFunctionData('statusOf', [operation]) },
        at(hash),
      ],
    })
    const calls = operations.flatMap(({ operation, transactions }) => [
      status(operation, latest.hash),
      status(operation, final.hash),
      ...transactions.map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
    ])
    const answers = (await ask(calls)).values()
    const seen: (OperationSight | null)[] = []
    for (const { operation, transactions, fromBlock } of operations) {
      const now = statusOf(next(answers))
      const then = statusBefore(next(answers))
      const reverted = transactions.filter(() => isReverted(next(answers), final.number))
      const event =
        then === 'spent' ? await findEvent(ask, operation, fromBlock, final.number) : null
      const hasFailed = reverted.length > 0
      seen.push(
        event === 'unknown' ? null : { latest: now, final: then, event, isReverted: hasFailed },
      )
    }
    const count = (sender: Address, block: unknown): NodeCall => ({
      method: 'eth_getTransactionCount',
      params: [sender, block],
    })
    const told = (
      await ask(
        senders.flatMap((sender) => [
          count(sender, at(latest.hash)),
          count(sender, at(final.hash)),
          count(sender, 'pending'),
          { method: 'eth_getBalance', params: [sender, at(latest.hash)] },
        ]),
      )
    ).values()
    const seenSenders = senders.map((): SenderSight => {
      const [latestCount, finalCount, pendingCount] = [
        Number(quantity(next(told))),
        Number(quantity(next(told))),
        Number(quantity(next(told))),
      ]
      return { latestCount, finalCount, pendingCount, balanceRaw: quantity(next(told)) }
    })
    return { latest, final, operations: seen, senders: seenSenders }
  }

  /**
   * From where it is likely on, and then back from there: after a restore it is older than what is known of it. A search
   * that leads too far back ends with `unknown`, and concerns this one alone.
   */
  async function findEvent(
    ask: NodeTalk,
    operation: Hash,
    fromBlock: number | null,
    to: number,
  ): Promise<SpendEvidence | 'unknown' | null> {
    const likely = Math.min(fromBlock ?? startBlock, to)
    const ranges = [...rangesOf(likely, to), ...rangesOf(startBlock, likely - 1).toReversed()]
    for (const range of ranges.slice(0, SEARCHES_MAX)) {
      const filter = {
        address: contract,
        topics: [points.getEvent('Spent')?.topicHash, operation],
        fromBlock: hex(range.from),
        toBlock: hex(range.to),
      }
      const [answer] = await ask([{ method: 'eth_getLogs', params: [filter] }])
      const logs = resultOf(answer)
      if (!Array.isArray(logs)) throw odd('eth_getLogs')
      if (logs.length > 0) return evidenceOf(logs[0])
    }
    return ranges.length > SEARCHES_MAX ? 'unknown' : null
  }

  return {
    nodeCount: nodes.count,
    async look(operations, senders) {
      const sights = await nodes.survey((ask) => sightOf(ask, operations, senders))
      if (sights.length > 0) return sights
      // Asked once more, so that the reason is told.
      return [await nodes.first((ask) => sightOf(ask, operations, senders))]
    },
    fees: () =>
      nodes.first(async (ask) => {
        const [block, tip] = await ask([
          blockCall('latest'),
          { method: 'eth_maxPriorityFeePerGas', params: [] },
        ])
        const { baseFeePerGas } = objectOf(resultOf(block))
        const isAdvised = tip !== undefined && 'result' in tip
        return {
          baseRaw: baseFeePerGas === undefined ? 0n : toBigInt(baseFeePerGas),
          tipRaw: isAdvised ? quantity(tip) : TIP_RAW,
        }
      }),
    rehearse: (sender, { operation, wallet, amountRaw, deadlineS }) =>
      nodes.first(async (ask) => {
        const data = points.encodeFunctionData('spend', [operation, wallet, amountRaw, deadlineS])
        const call = { from: sender, to: contract, data }
        const [answer] = await ask([{ method: 'eth_call', params: [call, 'latest'] }])
        if (answer && 'failure' in answer && answer.isRevert) return reasonOf(answer.data)
        resultOf(answer)
        return null
      }),
    events: ({ from, to }) =>
      nodes.survey(async (ask) => {
        const topics = [['Spent', 'Cancelled'].map((name) => points.getEvent(name)?.topicHash)]
        const filter = { address: contract, topics, fromBlock: hex(from), toBlock: hex(to) }
        const [answer] = await ask([{ method: 'eth_getLogs', params: [filter] }])
        const logs = resultOf(answer)
        if (!Array.isArray(logs)) throw odd('eth_getLogs')
        return logs.map(eventOf)
      }),
    async send(bytes) {
      const answers = await nodes.survey(async (ask) => {
        const [answer] = await ask([{ method: 'eth_sendRawTransaction', params: [bytes] }])
        return sendAnswer(answer)
      })
      for (const each of ['accepted', 'no-funds'] as const) if (answers.includes(each)) return each
      return 'refused'
    },
  }
}

const inParts =
  (ask: NodeTalk): NodeTalk =>
  async (calls) => {
    const answers: NodeAnswer[] = []
    for (const part of partsOf(calls, CALLS_MAX)) answers.push(...(await ask(part)))
    return answers
  }

function rangesOf(from: number, to: number): { from: number; to: number }[] {
  const ranges = []
  for (let at = from; at <= to; at += SEARCH_BLOCKS)
    ranges.push({ from: at, to: Math.min(to, at + SEARCH_BLOCKS - 1) })
  return ranges
}

const hex = (number: number): Hex => `0x${number.toString(16)}`
const blockCall = (tag: string): NodeCall => ({
  method: 'eth_getBlockByNumber',
  params: [tag, false],
})

/** The node is left out, as one that is silent. */
const odd = (what: string): AppError =>
  new AppError('unavailable', `chain.rpc: a node answers with something else: ${what}`, {
    details: { field: 'chain.rpc' },
  })

const next = (answers: Iterator<NodeAnswer>): NodeAnswer | undefined => {
  const { value, done } = answers.next()
  return done === true ? undefined : value
}

function resultOf(answer: NodeAnswer | undefined): unknown {
  if (answer && 'result' in answer) return answer.result
  throw odd(answer ? answer.failure : 'nothing')
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw odd('no object')
}

function toBigInt(value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value)
  throw odd('no quantity')
}

const quantity = (answer: NodeAnswer | undefined): bigint => toBigInt(resultOf(answer))

function blockOf(answer: NodeAnswer | undefined) {
  const { number, hash, timestamp } = objectOf(resultOf(answer))
  const block = { number: Number(toBigInt(number)), timestamp: Number(toBigInt(timestamp)) }
  return { ...block, hash: hashOf(hash) }
}

function hashOf(value: unknown): Hash {
  if (typeof value === 'string' && isHash(value)) return value.toLowerCase() as Hash
  throw odd('no hash')
}

const STATUSES: readonly OnChainStatus[] = ['none', 'spent', 'cancelled']

function statusOf(answer: NodeAnswer | undefined): OnChainStatus {
  const result = resultOf(answer)
  // Where there is no code, nothing comes back: it is another contract than was meant.
  const status = result === NOTHING ? undefined : STATUSES[Number(toBigInt(result))]
  if (status) return status
  throw odd('relay.contract gives no status of an operation')
}

const NOTHING = '0x'

/** In an older block than one that has the contract: where it is not there yet, nothing was spent. */
const statusBefore = (answer: NodeAnswer | undefined): OnChainStatus =>
  resultOf(answer) === NOTHING ? 'none' : statusOf(answer)

function isReverted(answer: NodeAnswer | undefined, finalNumber: number): boolean {
  const receipt = resultOf(answer)
  if (receipt === null) return false
  const { status, blockNumber } = objectOf(receipt)
  return toBigInt(status) === 0n && toBigInt(blockNumber) <= BigInt(finalNumber)
}

function eventOf(log: unknown): PointsEvent {
  const { topics, blockNumber } = objectOf(log)
  if (!Array.isArray(topics)) throw odd('no log')
  const operation = hashOf(topics[1])
  return topics[0] === points.getEvent('Spent')?.topicHash
    ? { kind: 'spent', operation, ...evidenceOf(log) }
    : { kind: 'cancelled', operation, blockNumber: Number(toBigInt(blockNumber)) }
}

function evidenceOf(log: unknown): SpendEvidence {
  const { topics, data, blockNumber, blockHash, transactionHash } = objectOf(log)
  if (!Array.isArray(topics) || typeof data !== 'string') throw odd('no log')
  const event = points.parseLog({ topics: topics.map(String), data })
  if (!event) throw odd('another event')
  const [, account, amount] = event.args as unknown as [string, string, bigint]
  return {
    blockNumber: Number(toBigInt(blockNumber)),
    blockHash: hashOf(blockHash),
    transaction: hashOf(transactionHash),
    account: account.toLowerCase() as Address,
    amountRaw: amount,
  }
}

/** Nodes word it in many ways; what is not understood means nothing. */
function sendAnswer(answer: NodeAnswer | undefined): SendAnswer {
  if (answer && 'result' in answer) return 'accepted'
  const words = answer?.failure ?? ''
  if (/already known|known transaction|already imported|already exists/i.test(words))
    return 'accepted'
  return /insufficient funds|not enough funds|doesn't have enough/i.test(words)
    ? 'no-funds'
    : 'refused'
}

function reasonOf(data: unknown): string {
  if (typeof data !== 'string') return 'it reverts'
  try {
    return points.parseError(data)?.name ?? 'it reverts'
  } catch {
    return 'it reverts'
  }
}
