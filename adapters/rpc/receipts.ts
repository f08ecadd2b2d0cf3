import type { BlockRef } from '#core/chain.ts'
import type { Receipt } from '#core/indexing/ports.ts'
import { readReceiptsAnswer } from './answer-bytes.ts'
import { RpcFailure } from './endpoint.ts'
import { toHash, toList, toObject, toReceipt } from './parse.ts'
import { isUnsupported, type RpcFailureKind } from './refusals.ts'
import type { Talk } from './rpc.ts'

/** What may mean that the method is not there, whatever the words. */
const METHOD_KINDS: ReadonlySet<RpcFailureKind> = new Set(['refused', 'failed', 'too-large'])

/** Refused so often in words that are not known, and never answered: it is not there. */
const REFUSALS_MAX = 3

/**
 * All receipts of a block from one endpoint: at once, or one transaction after the other where it cannot give them at
 * once. The root that they must have proves either.
 */
export async function receiptsOf(node: Talk, block: BlockRef): Promise<Receipt[]> {
  const { learned } = node
  if (learned.blockReceipts === false) return byTransaction(node, block)
  try {
    const [result] = await node.ask([
      {
        method: 'eth_getBlockReceipts',
        params: [`0x${block.number.toString(16)}`],
        read: readReceiptsAnswer,
      },
    ])
    const receipts = toList(result, `the receipts of block ${block.number}`).map(toReceipt)
    learned.blockReceipts = true
    return receipts
  } catch (error) {
    if (!(error instanceof RpcFailure) || !METHOD_KINDS.has(error.kind)) throw error
    const receipts = await byTransaction(node, block)
    // One that has answered before is there; what it refuses now is this block, or this moment.
    if (learned.blockReceipts === null) {
      learned.blockReceiptsRefused++
      const isGone = isUnsupported(error.code, error.message)
      if (isGone || learned.blockReceiptsRefused >= REFUSALS_MAX) learned.blockReceipts = false
    }
    return receipts
  }
}

async function byTransaction(node: Talk, { number, hash }: BlockRef): Promise<Receipt[]> {
  const what = `block ${number} ${hash}`
  const [result] = await node.ask([{ method: 'eth_getBlockByHash', params: [hash, false] }])
  const transactions = toList(toObject(result, what).transactions, `${what}: transactions`)
  if (transactions.length === 0) return []
  const answers = await node.ask(
    transactions.map((transaction) => ({
      method: 'eth_getTransactionReceipt',
      params: [toHash(transaction, `${what}: a transaction`)],
    })),
  )
  return answers.map((answer, index) => {
    if (answer === null)
      throw new RpcFailure(
        'bad-answer',
        `the receipt of transaction ${index} of ${what} is missing`,
      )
    return toReceipt(answer)
  })
}
