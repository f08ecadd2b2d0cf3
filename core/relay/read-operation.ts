import { AppError } from '#core/errors.ts'
import type { OperationId } from '#core/ledger/operation.ts'
import type { Intent } from './intent.ts'
import type { IntentStore } from './ports.ts'

/**
 * How far a spend has come.
 *
 * @param id of `operationId`, from scope and key
 * @throws AppError `not-found` where nothing of this name was recorded on this chain
 */
export async function readOperation(
  { intents }: { readonly intents: Pick<IntentStore, 'intent'> },
  chainId: number,
  id: OperationId,
): Promise<Intent> {
  const intent = await intents.intent(id)
  if (intent?.chainId === chainId) return intent
  throw new AppError(
    'not-found',
    `operation: there is no spend ${id} on this chain; look at its scope and key`,
    { details: { field: 'operation' }, audience: 'client' },
  )
}
