import { haveCode, type Probe, probeEndpoint } from '#adapters/rpc/probe.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import type { Address } from '#core/chain.ts'
import type { Settings } from './settings.ts'

export type { Probe } from '#adapters/rpc/probe.ts'

const ROUNDS = 2

/** What each endpoint of a configuration turns out to be, in their order. */
export const probeEndpoints = ({ rpc, id, finality }: Settings['chain']): Promise<Probe[]> =>
  Promise.all(rpc.map((endpoint) => probeEndpoint(endpoint, { chainId: id, finality })))

/**
 * Which of these addresses have code at the newest block.
 *
 * @throws AppError `unavailable` where no endpoint tells
 */
export async function findContracts(
  { rpc: endpoints, id }: Settings['chain'],
  addresses: readonly Address[],
): Promise<boolean[]> {
  const rpc = createRpc(endpoints, { chainId: id, rounds: ROUNDS })
  try {
    return await haveCode(rpc, addresses)
  } finally {
    await rpc.close()
  }
}
