import { encodeCall } from '#core/abi.ts'
import type { BlockRef } from '#core/chain.ts'
import { partsOf } from '#core/concurrent.ts'
import { isAppError } from '#core/errors.ts'
import type { WantedToken } from '#core/nft/metadata/metadata.ts'
import type { ToldUri, TokenUriReader } from '#core/nft/metadata/ports.ts'
import { RpcFailure, type RpcCall } from './endpoint.ts'
import { toNumber } from './parse.ts'
import type { Rpc } from './rpc.ts'
import { abiString } from './token-text.ts'

/** keccak256 of `tokenURI(uint256)` and of `uri(uint256)`, four bytes. */
const SELECTORS = { erc721: '0xc87b56dd', erc1155: '0x0e89341c' } as const

/** For each call: enough for a contract that draws its picture, and an end for one that never comes to one. */
const CALL_GAS = '0x1c9c380'
/** Calls of one request: each may answer with a whole document. */
const CALLS_BATCH = 10
/** A document in the URI itself, in base64. */
const ANSWER_BYTES_MAX = 1_000_000

/** `tokenURI` and `uri` by `eth_call`, pinned to the block's hash (EIP-1898). */
export const createRpcTokenUriReader = (rpc: Rpc): TokenUriReader => ({
  async height() {
    const { value } = await rpc.call([{ method: 'eth_blockNumber', params: [] }], ([newest]) =>
      toNumber(newest, 'eth_blockNumber'),
    )
    return value
  },
  async read(block, tokens) {
    const told: ToldUri[] = []
    for (const part of partsOf(tokens, CALLS_BATCH))
      // oxlint-disable-next-line no-await-in-loop -- one request at a time is enough for what nobody waits for
      told.push(...(await readPart(rpc, block, part)))
    return told
  },
})

/** Where a request fails as a whole, one of its tokens may be why: then each is asked about by itself. */
async function readPart(
  rpc: Rpc,
  block: BlockRef,
  tokens: readonly WantedToken[],
): Promise<ToldUri[]> {
  const calls = tokens.map(({ collection, tokenId, standard }): RpcCall => ({
    method: 'eth_call',
    params: [
      { to: collection, data: encodeCall(SELECTORS[standard], [tokenId]), gas: CALL_GAS },
      { blockHash: block.hash },
    ],
  }))
  try {
    const { value } = await rpc.converse(async (node) => (await node.askEach(calls)).map(toTold))
    return value
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    if (tokens.length === 1) return [{ status: 'unavailable', why: NOT_TOLD }]
    const told: ToldUri[] = []
    for (const token of tokens)
      // oxlint-disable-next-line no-await-in-loop -- likewise
      told.push(...(await readPart(rpc, block, [token])))
    return told
  }
}

const NOT_TOLD = 'no node tells what the contract says: it may take too much gas or time'

function toTold(result: unknown): ToldUri {
  if (result instanceof RpcFailure) {
    if (result.kind === 'reverted') return { status: 'none' }
    return { status: 'unavailable', why: NOT_TOLD }
  }
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result))
    return { status: 'unavailable', why: NOT_TOLD }
  if (result.length > 2 * ANSWER_BYTES_MAX)
    return { status: 'odd', why: `the contract answers more than ${ANSWER_BYTES_MAX} bytes` }
  const uri = textOf(Buffer.from(result.slice(2), 'hex'))
  if (uri === undefined) return { status: 'odd', why: 'the contract answers no text' }
  return uri === '' ? { status: 'none' } : { status: 'told', uri }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Undefined where it is not an ABI-encoded `string` of UTF-8. */
function textOf(bytes: Buffer): string | undefined {
  const text = abiString(bytes)
  if (!text) return undefined
  try {
    return utf8.decode(text).trim()
  } catch {
    return undefined
  }
}
