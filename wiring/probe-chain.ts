import { type Probe, probeEndpoint } from '#adapters/rpc/probe.ts'
import type { Settings } from './settings.ts'

export type { Probe } from '#adapters/rpc/probe.ts'

/** What each endpoint of a configuration turns out to be, in their order. */
export const probeEndpoints = ({ rpc, id, finality }: Settings['chain']): Promise<Probe[]> =>
  Promise.all(rpc.map((endpoint) => probeEndpoint(endpoint, { chainId: id, finality })))
