import type { Address, Hex } from '#core/chain.ts'
import type { TokenLook, TokenSource } from '#core/tokens/ports.ts'
import { RpcFailure, type RpcCall } from './endpoint.ts'
import { toNumber } from './parse.ts'
import type { Rpc, Talk } from './rpc.ts'
import { decodeDecimals, decodeText } from './token-text.ts'

/** For each call: enough for a proxy over a string in storage, too little for an answer of megabytes. */
const CALL_GAS = '0x30d40'
/** Tokens in one request, with three calls each. */
const TOKENS_BATCH = 20

/** keccak256 of `symbol()`, `name()` and `decimals()`, four bytes. */
const SELECTORS = ['0x95d89b41', '0x06fdde03', '0x313ce567'] as const

/**
 * What tokens' contracts say of themselves at the newest block. All of it is text by strangers: calls are bounded in
 * gas, answers in length, and a token that reverts or answers nonsense is a token without a name. A call that fails in
 * any other way proves nothing of its token, and costs the others nothing.
 */
export const createRpcTokenSource = (rpc: Rpc): TokenSource => ({
  async read(addresses) {
    const { value } = await rpc.converse(async (node) => {
      const [newest] = await node.ask([{ method: 'eth_blockNumber', params: [] }])
      const number = toNumber(newest, 'eth_blockNumber')
      const looks: TokenLook[] = []
      for (let from = 0; from < addresses.length; from += TOKENS_BATCH)
        // oxlint-disable-next-line no-await-in-loop -- one request at a time is enough for what nobody waits for
        looks.push(...(await lookAt(node, addresses.slice(from, from + TOKENS_BATCH), number)))
      return { number, looks }
    })
    return value
  },
})

/** @throws RpcFailure where nothing was answered: then another node is asked */
async function lookAt(
  node: Talk,
  addresses: readonly Address[],
  number: number,
): Promise<TokenLook[]> {
  // By number, so that a node behind a balancer that does not have the block fails instead of telling of an older one.
  const block = `0x${number.toString(16)}`
  const calls = addresses.flatMap((to) =>
    SELECTORS.map((data): RpcCall => ({
      method: 'eth_call',
      params: [{ to, data, gas: CALL_GAS }, block],
    })),
  )
  const answers = (await node.askEach(calls)).map(toAnswer)
  const failure = answers.find((answer) => answer instanceof RpcFailure)
  if (failure && answers.every((answer) => answer instanceof RpcFailure)) throw failure
  return addresses.map((_, index) => {
    const words = answers.slice(index * SELECTORS.length, (index + 1) * SELECTORS.length)
    const [symbol, name, decimals] = words.map((word) => (typeof word === 'string' ? word : null))
    return {
      symbol: symbol ? decodeText(symbol) : null,
      name: name ? decodeText(name) : null,
      decimals: decimals ? decodeDecimals(decimals) : null,
      isProven: !words.some((word) => word instanceof RpcFailure),
    }
  })
}

/** What the contract answered; null where it reverted, and so do all nodes' copies of it. */
type Answer = Hex | null | RpcFailure

const BYTES = /^0x([0-9a-f]{2})*$/i

function toAnswer(result: unknown): Answer {
  if (result instanceof RpcFailure) return result.kind === 'reverted' ? null : result
  if (typeof result !== 'string' || !BYTES.test(result))
    return new RpcFailure('bad-answer', 'eth_call: not bytes')
  return result as Hex
}
