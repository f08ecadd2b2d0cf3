import { BrowserProvider } from 'ethers'
import { AppError } from '#core/errors.ts'

/** Asks a node of the chain (EIP-1193). @throws AppError `unavailable` where none answers */
export type NodeRequest = (method: string, params: readonly unknown[]) => Promise<unknown>

/** One question of ethers to the node. */
export type Send = <T>(
  method: string,
  params: readonly unknown[],
  accept: (result: unknown) => T | undefined,
) => Promise<T>

type Outcome = { readonly result: unknown } | { readonly failure: unknown }

/**
 * An ethers provider over the nodes that everything else uses, with their limits, retries and order.
 *
 * ethers puts errors of its own in the place of those that a transport throws, and loses what was behind them. So an
 * outcome goes through it as an answer, and is opened behind it.
 */
export function createSend(request: NodeRequest, chainId: number): Send {
  const outcomeOf = async (method: string, params: readonly unknown[]): Promise<Outcome> => {
    try {
      return { result: await request(method, params) }
    } catch (failure) {
      return { failure }
    }
  }
  const provider = new BrowserProvider(
    {
      request: ({ method, params = [] }) => outcomeOf(method, Array.isArray(params) ? params : []),
    },
    chainId,
    // The node has been asked for its chain by whoever asks through it.
    { staticNetwork: true, polling: false },
  )
  return async (method, params, accept) => {
    const outcome = (await provider.send(method, [...params])) as Outcome
    if ('failure' in outcome) throw outcome.failure
    const accepted = accept(outcome.result)
    if (accepted !== undefined) return accepted
    throw new AppError('unavailable', `chain.rpc: a node answers ${method} with something else`, {
      details: { field: 'chain.rpc' },
    })
  }
}
