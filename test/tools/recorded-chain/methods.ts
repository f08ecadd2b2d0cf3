import { createLogTest, HASH, isGiven } from './log-filter.ts'
import {
  type RecordedBlock,
  type Recording,
  type RpcBlock,
  type RpcLog,
  type RpcReceipt,
  toHex,
} from './recording.ts'
import { invalidParams, REVERTED, RpcError, SERVER_ERROR } from './rpc-error.ts'

/** What a node answers; throws `RpcError`. */
export type Methods = ReadonlyMap<string, (params: readonly unknown[]) => unknown>

export type ChainFacts = { readonly chainId: number; readonly finalized: number }

/** The methods of a node whose chain is a recording. Blocks are found by number, hash and transaction at once. */
export function createMethods(recording: Recording, { chainId, finalized }: ChainFacts): Methods {
  const { blocks } = recording
  const numbers = blocks.map(({ block }) => Number(block.number))
  const byNumber = new Map(numbers.map((number, index) => [number, blocks[index]]))
  const byHash = new Map(blocks.map((each): [string, RecordedBlock] => [each.block.hash, each]))
  const byTransaction = new Map(
    blocks.flatMap(({ receipts }) =>
      receipts.map((receipt): [string, RpcReceipt] => [receipt.transactionHash, receipt]),
    ),
  )
  const earliest = numbers[0] ?? 0
  const head = numbers.at(-1) ?? 0
  /** The block, or the next lower one where it is not recorded. */
  const orBelow = (number: number): number => numbers.findLast((each) => each <= number) ?? NONE
  const tags: Readonly<Record<string, number>> = {
    latest: head,
    finalized: orBelow(finalized),
    safe: orBelow(finalized),
    earliest,
  }

  function numberOf(value: unknown): number {
    if (typeof value === 'string') {
      if (Object.hasOwn(tags, value)) return tags[value] as number
      if (QUANTITY.test(value)) return Number(value)
    }
    throw invalidParams(`invalid argument: ${JSON.stringify(value)} is not a block number or tag`)
  }

  function blockOf(value: unknown): RecordedBlock | undefined {
    return isHash(value) ? byHash.get(value.toLowerCase()) : byNumber.get(numberOf(value))
  }

  /** From the first recorded block of the range on; what is not recorded is skipped without looking. */
  function blocksIn(from: number, to: number): readonly RecordedBlock[] {
    const end = firstAbove(numbers, to)
    return blocks.slice(firstAbove(numbers, from - 1), end)
  }

  function blocksAskedFor(filter: Readonly<Record<string, unknown>>): readonly RecordedBlock[] {
    const { blockHash, fromBlock, toBlock } = filter
    if (isGiven(blockHash)) {
      if (isGiven(fromBlock) || isGiven(toBlock))
        throw invalidParams("can't specify fromBlock/toBlock with blockHash")
      if (!isHash(blockHash)) throw invalidParams('invalid argument 0: blockHash')
      const found = byHash.get(blockHash.toLowerCase())
      if (!found) throw new RpcError(SERVER_ERROR, 'unknown block')
      return [found]
    }
    const from = numberOf(isGiven(fromBlock) ? fromBlock : 'latest')
    const to = numberOf(isGiven(toBlock) ? toBlock : 'latest')
    if (from > to) throw invalidParams('invalid block range params')
    if (to > head)
      throw invalidParams(
        `block range extends beyond current head block: requested ${to}, head ${head}`,
      )
    return blocksIn(from, to)
  }

  function getLogs([filter]: readonly unknown[]): RpcLog[] {
    if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
      throw invalidParams('missing value for required argument 0')
    const asked = filter as Readonly<Record<string, unknown>>
    const isWanted = createLogTest(asked)
    return blocksAskedFor(asked).flatMap(({ logs }) => logs.filter(isWanted))
  }

  return new Map<string, (params: readonly unknown[]) => unknown>([
    ['eth_chainId', () => toHex(chainId)],
    ['net_version', () => String(chainId)],
    ['web3_clientVersion', () => 'recorded-chain'],
    ['eth_blockNumber', () => toHex(head)],
    [
      'eth_getBlockByNumber',
      ([number]): RpcBlock | null => byNumber.get(numberOf(number))?.block ?? null,
    ],
    ['eth_getBlockByHash', ([hash]): RpcBlock | null => byHash.get(hashOf(hash))?.block ?? null],
    ['eth_getLogs', getLogs],
    ['eth_getBlockReceipts', ([block]) => blockOf(block)?.receipts ?? null],
    ['eth_getTransactionReceipt', ([hash]) => byTransaction.get(hashOf(hash)) ?? null],
    [
      'eth_call',
      () => {
        // A recording has no state: whatever is asked of a contract, it refuses.
        throw new RpcError(REVERTED, 'execution reverted')
      },
    ],
  ])
}

/** No block has this number. */
const NONE = -1
const QUANTITY = /^0x(0|[1-9a-f][0-9a-f]*)$/i

const isHash = (value: unknown): value is string => typeof value === 'string' && HASH.test(value)

function hashOf(value: unknown): string {
  if (!isHash(value))
    throw invalidParams(`invalid argument 0: ${JSON.stringify(value)} is not a hash`)
  return value.toLowerCase()
}

/** The place of the first number above `limit` in an ascending list. */
function firstAbove(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] as number) > limit) high = middle
    else low = middle + 1
  }
  return low
}
