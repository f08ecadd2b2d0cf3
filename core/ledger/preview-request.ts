import type { Clock } from '#core/clock.ts'
import { loadMissing, requestOf } from './apply-entries.ts'
import { checkRequest } from './check-request.ts'
import { decide } from './decide.ts'
import type { Outcome } from './entry.ts'
import { operationId, type OperationRequest } from './operation.ts'
import { type ReadPorts, readUpToDate } from './read-balance.ts'
import { createWorkingSet } from './working-set.ts'

export type Preview =
  | { readonly status: 'would-record' | 'recorded'; readonly outcome: Outcome }
  | { readonly status: 'key-reused' }

/**
 * What would become of a request if it were sent now. Nothing is written.
 *
 * @throws AppError `invalid` naming the field where it is not well-formed
 */
export async function previewRequest(
  { clock, ...ports }: ReadPorts & { readonly clock: Pick<Clock, 'nowMs'> },
  ledger: string,
  request: OperationRequest,
): Promise<Preview> {
  const { scope, key, operation } = checkRequest(request)
  await readUpToDate(ports, ledger)
  const set = createWorkingSet(Number.MAX_SAFE_INTEGER)
  const look = (): Preview => {
    const used = set.read('key', operationId(scope, key))
    if (used)
      return used.request === requestOf(ports.sha256, operation)
        ? { status: 'recorded', outcome: used.outcome }
        : { status: 'key-reused' }
    return { status: 'would-record', outcome: decide(operation, set.read, clock.nowMs()) }
  }
  let preview = look()
  while (await loadMissing(set, ports.store, ledger)) preview = look()
  return preview
}
