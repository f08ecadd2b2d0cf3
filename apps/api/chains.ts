import { catalogueOf } from '#core/catalogue.ts'
import { type AppError, hasReason, isAppError } from '#core/errors.ts'
import { finalBlockOf } from '#core/history/final-block.ts'
import { otherVersions } from '#core/history/versions.ts'
import type { HistoryValues } from '#core/history/catalogue.ts'
import { OTHER_CHAIN } from '#core/indexing/other-chain.ts'
import type { ChainRow, ChainState } from '#resources/chains.ts'
import { publicMessage } from './errors.ts'
import { readStatus, type Status } from './status.ts'
import type { Api, ServedChain } from './wire.ts'

/** How a chain is, and why it is not ready, for clients to read. */
export type Readiness = {
  readonly state: ChainState
  readonly reason: string | null
  readonly status: Status | undefined
  /** Where its store cannot be read. */
  readonly error?: AppError
}

/**
 * Whether answers about a chain are fresh enough: the newest block indexed is the newest of the chain, or not older than
 * `lagSecondsMax`. Where another version indexed a part of it, that part is not answered.
 */
export async function readinessOf(
  { config }: Pick<Api, 'config'>,
  { ports }: ServedChain,
): Promise<Readiness> {
  try {
    const status = await readStatus(ports)
    const catalogue = catalogueOf(ports.settings.chain)
    return { ...judge(status, catalogue, config.api.lagSecondsMax), status }
  } catch (error) {
    if (!isAppError(error)) throw error
    const state = hasReason(error, 'empty') ? 'empty' : 'unavailable'
    const reason = publicMessage(error, config.api.development)
    return { state, reason, status: undefined, error }
  }
}

function judge(
  { view, newest, lag, branch }: Status,
  catalogue: HistoryValues,
  lagSecondsMax: number,
): Omit<Readiness, 'status'> {
  const others = otherVersions(view, catalogue)
  if (others.length > 0)
    return {
      state: 'other-version',
      reason: `the store was indexed by another version (${others.join('; ')}); what depends on it is not answered`,
    }
  if (branch === 'other-chain') return { state: 'other-chain', reason: OTHER_CHAIN }
  if (lag.seconds > lagSecondsMax) {
    const against = newest ? `the chain is at ${newest.number}` : 'the chain cannot be asked'
    return {
      state: 'lagging',
      reason: `block ${view.head.number} is ${lag.seconds} s old, more than ${lagSecondsMax} s; ${against}`,
    }
  }
  return { state: 'ready', reason: null }
}

/** All chains, the default one first; each is asked how it is now. */
export function listChains(api: Api): Promise<ChainRow[]> {
  const others = api.chains.filter((each) => each !== api.byDefault)
  return Promise.all([api.byDefault, ...others].map((each) => rowOf(api, each)))
}

async function rowOf(api: Api, served: ServedChain): Promise<ChainRow> {
  const { name, id } = served.chain
  const { state, status } = await readinessOf(api, served)
  return {
    name,
    id,
    finality: served.ports.settings.chain.finality,
    state,
    standing: status
      ? { head: status.view.head, finalized: finalBlockOf(status.view.head), lag: status.lag }
      : null,
  }
}
