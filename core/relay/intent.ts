import type { Address, Hash, Hex } from '#core/chain.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { OperationId } from '#core/ledger/operation.ts'

/**
 * How far a spend has come.
 *
 * - `new`: recorded; the ledger has not been asked for the points yet
 * - `held`: its points are put aside, for as long as the lease lasts
 * - `claimed`: its deadline is fixed and, where Halyard sends it, its nonce is its own
 * - `signed`: what was signed is stored; the hold cannot lapse any more
 * - `sent`: a node has taken the transaction
 * - `mined`: the newest block has it, which may still be taken back
 * - `settling`, `voiding`: what became of it is final on the chain, and the ledger is told
 * - `settled`, `voided`: the ledger has it, for good
 * - `refused`: the ledger did not put the points aside
 * - `quarantined`: something is as it must not be, and a person has to look
 */
export const intentStates = [
  'new',
  'held',
  'claimed',
  'signed',
  'sent',
  'mined',
  'settling',
  'voiding',
  'settled',
  'voided',
  'refused',
  'quarantined',
] as const
export type IntentState = (typeof intentStates)[number]

/** `relayed`: Halyard sends the transaction. `voucher`: the account does, with what Halyard has signed. */
export type SpendWay = 'relayed' | 'voucher'

/** Why points were given back. */
type VoidCause =
  /** The contract has it as cancelled. */
  | 'cancelled'
  /** Its deadline has passed in a final block, so the contract refuses it for ever. */
  | 'expired'
  /** Its transaction failed, and its nonce is used for good. */
  | 'reverted'
  /** Nonces that it was sent with were used by transactions from elsewhere, again and again. */
  | 'nonce-taken'
  /** Its hold came to its end before anything was signed. */
  | 'lapsed'

/** An event of the contract that spent an operation. */
export type SpendEvidence = {
  readonly blockNumber: number
  readonly blockHash: Hash
  readonly transaction: Hash
  readonly account: Address
  readonly amountRaw: bigint
}

/** What is known for good. */
type Verdict =
  | { readonly kind: 'spent'; readonly evidence: SpendEvidence }
  | { readonly kind: 'void'; readonly cause: VoidCause }

/** A place in the order of a sender's transactions. */
export type SlotName = { readonly sender: Address; readonly nonce: number }

/** One step of an intent, for people. */
type Step = {
  readonly atMs: number
  readonly state: IntentState
  readonly by: string
  readonly note: string
}

/** A spend on its way from the ledger to the chain and back. Amounts in raw units. */
export type Intent = {
  /** Also the name of its hold in the ledger. */
  readonly id: OperationId
  readonly scope: string
  readonly key: string
  readonly actor: string
  readonly way: SpendWay
  readonly ledger: string
  readonly asset: string
  readonly account: string
  /** On whose address the contract books it. */
  readonly wallet: Address
  readonly amountRaw: bigint
  readonly memo: string
  readonly chainId: number
  readonly contract: Address
  /** Names it in the contract. */
  readonly operation: Hash
  readonly createdMs: number
  /** How long its hold waits for a signature, in milliseconds. */
  readonly leaseMs: number
  readonly state: IntentState
  /** Seconds since 1970 by the chain's clock; never changed once it is there. */
  readonly deadlineS: number | null
  /** The final block when it was claimed: what became of it is in no earlier one. */
  readonly fromBlock: number | null
  readonly slot: SlotName | null
  /** The signature of a voucher. */
  readonly voucher: Hex | null
  /** How many nonces were used by others. */
  readonly rounds: number
  /** How many times in a row a step has failed in a way that nobody expected. */
  readonly faults: number
  /** Why it does not go on; null where it does. */
  readonly waitsFor: string | null
  readonly verdict: Verdict | null
  /** Of the ledger. */
  readonly refusal: string | null
  /** Where it goes on when somebody lets it go on. */
  readonly resumeIn: IntentState | null
  /** Counts changes; whoever changes it names the one that was read. */
  readonly version: number
  readonly history: readonly Step[]
}

/** One signed transaction. Amounts of fees in wei for one unit of gas. */
export type SignedTransaction = {
  readonly hash: Hash
  readonly bytes: Hex
  /** `fill`: it only uses up the nonce. */
  readonly purpose: 'spend' | 'fill'
  readonly feeMaxRaw: bigint
  readonly tipRaw: bigint
  readonly signedAtMs: number
}

/** A claimed nonce. It is used for one purpose at a time, and is never given to anybody else. */
export type Slot = SlotName & {
  readonly chainId: number
  /** Null: to fill a gap. */
  readonly intent: OperationId | null
  /** All that was ever signed for it, oldest first; none is ever removed. */
  readonly signed: readonly SignedTransaction[]
  readonly version: number
}

/** An account that sends transactions, as an operator wants it. */
export type SenderState = {
  readonly chainId: number
  readonly sender: Address
  /** It takes on nothing new. */
  readonly isDrained: boolean
  readonly by: string
  readonly atMs: number
}

/** Scope of keys in the ledger that follow from a spend. */
export const RELAY_SCOPE = 'relay'

const ENDED: ReadonlySet<IntentState> = new Set(['settled', 'voided', 'refused'])

/** Whether it never changes any more. */
export const hasEnded = ({ state }: Pick<Intent, 'state'>): boolean => ENDED.has(state)

/** Whether the relay has something to do for it. */
export const isOpen = (intent: Pick<Intent, 'state'>): boolean =>
  !hasEnded(intent) && intent.state !== 'quarantined'

/** Whether a relay of this contract and ledger looks after it. */
export const isOf = (
  { contract, ledger }: Pick<Intent, 'contract' | 'ledger'>,
  relay: Pick<Intent, 'contract' | 'ledger'>,
): boolean => contract === relay.contract && ledger === relay.ledger

/** Steps that are kept for people; the newest ones. */
const HISTORY_MAX = 60

/** The same intent one step further. */
export const moved = (
  intent: Intent,
  atMs: number,
  { by = 'relay', note = '', ...change }: Partial<Intent> & { by?: string; note?: string },
): Intent => {
  const state = change.state ?? intent.state
  const step: Step = { atMs, state, by, note }
  const history = [...intent.history, step].slice(-HISTORY_MAX)
  return { ...intent, faults: 0, waitsFor: null, ...change, version: intent.version + 1, history }
}

/** What names a spend in the contract: it follows from its name in the ledger, so that it is the same after a restore. */
export const operationOf = (
  sha256: Sha256,
  of: Pick<Intent, 'chainId' | 'contract' | 'ledger' | 'id'>,
): Hash => sha256(`halyard spend\n${of.chainId}\n${of.contract}\n${of.ledger}\n${of.id}`)
