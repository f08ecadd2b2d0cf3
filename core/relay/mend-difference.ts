import { previewRequest } from '#core/ledger/preview-request.ts'
import type { OperationRequest } from '#core/ledger/operation.ts'
import { givenBackKey, isPaidTwice, lastAttempt, lateKey, reverseLate } from './ask-ledger.ts'
import type { Difference, FoundDifference } from './difference.ts'
import type { RelayPolicy, SpendPorts } from './relay-ports.ts'

/** What is to be done about differences, and in whose name. */
export type Repair = {
  readonly actor: string
  /** False: nothing is written. */
  readonly isRepair: boolean
  /** With a repair: what the chain has spent and an account cannot pay any more is a loss of the house. */
  readonly isWriteOff?: boolean
}

/**
 * Mends a difference by an entry, or tells why none does.
 *
 * @returns undefined where it was mended before
 * @throws AppError `unavailable` where the ledger cannot be used
 */
export async function mendDifference(
  ports: SpendPorts,
  { ledger }: Pick<RelayPolicy, 'ledger'>,
  { mend, why = 'a person has to decide', ...found }: FoundDifference,
  { actor, isRepair, isWriteOff = false }: Repair,
): Promise<Difference | undefined> {
  if (!mend) return { ...found, repair: 'none', why }
  const spend = { ledger, operation: found.operation }
  // What a moment's balance or limit refuses may be done later; what ends a hold is refused where it has ended.
  const canRepeat = [lateKey, givenBackKey].some((keyOf) => keyOf(found.operation) === mend.key)
  const key = canRepeat ? (await lastAttempt(ports, ledger, mend.key)).key : mend.key
  let own = { ...mend, actor, key }
  const loss = lossOf(own)
  // A refusal that is recorded would be the answer of its key for good.
  let preview = await previewRequest(ports, ledger, own)
  const isPoor =
    preview.status === 'would-record' &&
    preview.outcome.status === 'refused' &&
    preview.outcome.code === 'insufficient-points'
  // Both have one key, so that one of them is done.
  if (loss && (preview.status === 'key-reused' || (isPoor && isRepair && isWriteOff))) {
    own = loss
    preview = await previewRequest(ports, ledger, own)
  }
  if (preview.status === 'key-reused')
    return { ...found, repair: 'none', why: 'it was mended in another way' }
  const { status, outcome } = preview
  if (outcome.status === 'refused') return { ...found, repair: 'none', why: outcome.code }
  if (status === 'recorded') return undefined
  if (!isRepair) return { ...found, repair: 'possible', why: null }
  const receipt = await ports.clerk.submit(own)
  const isDone = receipt.status === 'recorded' && receipt.outcome.status === 'done'
  if (isDone && (await isPaidTwice(ports, spend, found.hold))) {
    // The relay, or another repair, has met it as well.
    const isBack = await reverseLate(ports, spend)
    return { ...found, repair: isBack ? 'done' : 'none', why: isBack ? null : 'it was paid twice' }
  }
  return { ...found, repair: isDone ? 'done' : 'none', why: isDone ? null : 'others were first' }
}

/** In place of a spend that nobody can pay; undefined where the request is another one. */
function lossOf({ operation, ...by }: OperationRequest): OperationRequest | undefined {
  if (operation.kind !== 'spend') return undefined
  const { asset, amountRaw, memo } = operation
  return { ...by, operation: { kind: 'write-off', asset, amountRaw, memo } }
}
