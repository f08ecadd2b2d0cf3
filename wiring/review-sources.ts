import { createRpcContractCodes } from '#adapters/rpc/contract-codes.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { catalogue } from '#core/catalogue.ts'
import { isAppError } from '#core/errors.ts'
import { reviewSources, type SourceWarning } from '#core/indexing/review-sources.ts'
import type { Settings } from './settings.ts'

/** It is asked beside what matters, and not twice. */
const REVIEW = { rounds: 1, timeoutMs: 10_000 } as const

/** What is likely wrong with the sources of a configuration; none where the chain does not tell. Never throws for that. */
export async function findSourceWarnings({
  chain,
  sources,
}: Pick<Settings, 'chain' | 'sources'>): Promise<SourceWarning[]> {
  const rpc = createRpc(chain.rpc, { ...REVIEW, chainId: chain.id })
  try {
    return await reviewSources(createRpcContractCodes(rpc), catalogue, sources)
  } catch (error) {
    if (isAppError(error)) return []
    throw error
  } finally {
    await rpc.close()
  }
}
