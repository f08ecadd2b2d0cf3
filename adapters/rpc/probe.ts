import type { BlockRef, Hash } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { NewestBlock } from '#core/indexing/ports.ts'
import type { Capabilities } from './capabilities.ts'
import { createRpcBlockSource } from './block-source.ts'
import { createRpc, type EndpointSetting } from './rpc.ts'

/** What one endpoint turned out to be. */
export type Probe = { readonly name: string } & (
  | {
      readonly status: 'serves'
      readonly latest: NewestBlock
      /** The newest final block; number -1 where it knows none. */
      readonly finalized: BlockRef
      readonly learned: Capabilities
    }
  | { readonly status: 'wrong-chain'; readonly chainId: number }
  | { readonly status: 'fails'; readonly reason: string }
)

export type ProbeOptions = { readonly chainId: number; readonly finality: 'finalized' | number }

const TIMEOUT_MS = 5_000
const PATIENCE_MS = 2_000
/** Of no event: what is asked for with it is tried, not read. */
const NO_TOPIC: Hash = `0x${'00'.repeat(31)}01`
/** Enough for a batch. */
const HEADERS = 3

/** Asks an endpoint for a little of everything that an index needs. */
export async function probeEndpoint(
  endpoint: EndpointSetting,
  { chainId, finality }: ProbeOptions,
): Promise<Probe> {
  const rpc = createRpc([endpoint], { chainId, timeoutMs: TIMEOUT_MS, patienceMs: PATIENCE_MS })
  const name = new URL(endpoint.url).origin
  try {
    const actual = await rpc.chainId()
    if (actual !== chainId) return { name, status: 'wrong-chain', chainId: actual }
    const source = createRpcBlockSource(rpc, { finality })
    const { latest, finalized } = await source.head()
    await source.headers({ from: Math.max(0, latest.number - HEADERS + 1), to: latest.number })
    await source.receipts(latest)
    await source.logs({ from: latest.number, to: latest.number }, { topics: [NO_TOPIC] })
    const [status] = rpc.status()
    if (!status) throw new Error('an endpoint without a status')
    return { name, status: 'serves', latest, finalized, learned: status.learned }
  } catch (error) {
    if (!isAppError(error)) throw error
    return { name, status: 'fails', reason: error.message }
  } finally {
    await rpc.close()
  }
}
