import type { NodeAnswer, NodeCall, Nodes } from '#adapters/ethers/relay-chain.ts'
import { RpcFailure } from '#adapters/rpc/endpoint.ts'
import type { Rpc, Talk } from '#adapters/rpc/rpc.ts'
import { isAppError } from '#core/errors.ts'

/** All nodes of a chain, as the relay asks them. */
export const nodesOf = (rpc: Rpc): Nodes => ({
  count: rpc.endpointCount,
  survey: async (talk) => {
    const told = await rpc.survey((node) => leftOut(() => talk(askOf(node))))
    return told.map(({ value }) => value)
  },
  first: async (talk) => (await rpc.converse((node) => leftOut(() => talk(askOf(node))))).value,
})

/** One node that answers with something else is not to stop the others from being heard. */
async function leftOut<T>(talk: () => Promise<T>): Promise<T> {
  try {
    return await talk()
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    throw new RpcFailure('bad-answer', error.message, { cause: error })
  }
}

/** A call that failed by itself is an answer; a node that cannot be reached is none. */
const askOf =
  (node: Talk) =>
  async (calls: readonly NodeCall[]): Promise<NodeAnswer[]> => {
    if (calls.length === 0) return []
    const answers = await node.askEach(calls)
    return answers.map((answer): NodeAnswer => {
      if (!(answer instanceof RpcFailure)) return { result: answer }
      const { kind, message, data } = answer
      if (kind !== 'refused' && kind !== 'reverted') throw answer
      return { failure: message, isRevert: kind === 'reverted', data }
    })
  }
