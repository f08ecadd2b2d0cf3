import type { Intent, SpendEvidence } from './intent.ts'
import type { OperationSight, SenderSight, Sight } from './ports.ts'

/** What one node says of an operation, as far as it is final. */
type Voice =
  | 'unknown'
  /** Nothing is final yet. */
  | 'open'
  | `spent:${string}`
  | 'cancelled'
  | 'expired'
  /** Its nonce is used for good, and the operation is not spent. */
  | 'reverted'
  | 'nonce-taken'
  /** It is spent, and not as it was asked for. */
  | `odd:${string}`

/** What most nodes say of an operation. */
export type Judgement =
  /** `isMined`: whether the newest block has it, as most say; undefined: most do not say the same. */
  | { readonly kind: 'open'; readonly isMined: boolean | undefined }
  | { readonly kind: 'spent'; readonly evidence: SpendEvidence }
  | {
      readonly kind: 'unspent'
      readonly cause: 'cancelled' | 'expired' | 'reverted' | 'nonce-taken'
    }
  | { readonly kind: 'odd'; readonly why: string }
  /** Nodes say different things, and none of it is said by most. */
  | { readonly kind: 'split' }

type Named = Pick<Intent, 'wallet' | 'amountRaw' | 'deadlineS' | 'slot'>

/**
 * A verdict is what more than half of all nodes say of final blocks. One that is silent, behind, or lies can hold it up, and
 * cannot change it. Receipts are not asked whether a spend was done: the contract is.
 *
 * @param index of the operation among the questions
 * @param sender of the sender of its slot among the questions; -1: it has none
 */
export function judge(
  sights: readonly Sight[],
  nodeCount: number,
  intent: Named,
  index: number,
  sender: number,
): Judgement {
  const needed = Math.floor(nodeCount / 2) + 1
  const said = new Map<Voice, number>()
  const evidence = new Map<Voice, SpendEvidence>()
  const newest = { mined: 0, missing: 0 }
  for (const sight of sights) {
    const operation = sight.operations[index]
    if (operation === null) said.set('unknown', (said.get('unknown') ?? 0) + 1)
    if (!operation) continue
    const voice = voiceOf(intent, operation, sight, sight.senders[sender])
    said.set(voice, (said.get(voice) ?? 0) + 1)
    if (operation.event) evidence.set(voice, operation.event)
    newest[operation.latest === 'spent' ? 'mined' : 'missing']++
  }
  const [most, count] = [...said].toSorted(([, a], [, b]) => b - a)[0] ?? ['open' as const, 0]
  if (count < needed)
    return said.size > 1 ? { kind: 'split' } : { kind: 'open', isMined: undefined }
  switch (most) {
    case 'unknown':
      return { kind: 'split' }
    case 'open': {
      const { mined, missing } = newest
      const isMined = mined >= needed ? true : missing >= needed ? false : undefined
      return { kind: 'open', isMined }
    }
    case 'cancelled':
    case 'expired':
    case 'reverted':
    case 'nonce-taken':
      return { kind: 'unspent', cause: most }
    default: {
      const event = evidence.get(most)
      if (most.startsWith('spent:') && event) return { kind: 'spent', evidence: event }
      return { kind: 'odd', why: most.slice('odd:'.length) }
    }
  }
}

function voiceOf(
  { wallet, amountRaw, deadlineS, slot }: Named,
  { final, event, isReverted }: OperationSight,
  sight: Sight,
  sender: SenderSight | undefined,
): Voice {
  switch (final) {
    case 'cancelled':
      return 'cancelled'
    case 'spent':
      if (!event) return 'odd:the contract says that it is spent, and no event says so'
      if (event.account !== wallet || event.amountRaw !== amountRaw)
        return `odd:${event.amountRaw} of ${event.account} were spent in block ${event.blockNumber}`
      return `spent:${event.blockHash}:${event.transaction}`
    case 'none':
      if (deadlineS !== null && sight.final.timestamp > deadlineS) return 'expired'
      if (!slot || !sender || sender.finalCount <= slot.nonce) return 'open'
      return isReverted ? 'reverted' : 'nonce-taken'
    default:
      return final satisfies never
  }
}

/** Of what several nodes say, the one in the middle: where fewer than half are wrong, it is not out of what the others say. */
export function middle<T extends number | bigint>(values: readonly T[]): T | undefined {
  if (values.length === 1) return values[0]
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted[Math.floor((sorted.length - 1) / 2)]
}
