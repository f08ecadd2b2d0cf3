import { type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import { type Hold, type LedgerDocument, valueOf } from '#core/ledger/document.ts'
import { operationId, type OperationRequest } from '#core/ledger/operation.ts'
import { readUpToDate } from '#core/ledger/read-balance.ts'
import { givenBackKey, lastAttempt, lateKey, settleKey } from './ask-ledger.ts'
import { type Difference, type FoundDifference, isUnspent } from './difference.ts'
import { createFinalEvents, type FinalEvents } from './final-events.ts'
import { operationOf, RELAY_SCOPE } from './intent.ts'
import { judge, middle } from './judge.ts'
import { mendDifference, type Repair } from './mend-difference.ts'
import type { PointsEvent, RelayChain } from './ports.ts'
import type { RelayPolicy, SpendPorts } from './relay-ports.ts'

/** What was compared, and how it differs. */
export type Reconciliation = {
  readonly fromBlock: number
  readonly toBlock: number
  readonly events: number
  readonly holds: number
  readonly differences: readonly Difference[]
}

export type ReconcilePorts = SpendPorts & { readonly chain: RelayChain }

/** Holds that are read at once. */
const PAGE = 500

/**
 * Compares all final events of the contract with all holds of the ledger, both ways. It asks the contract and the ledger, and
 * not the records of the relay, so that a mistake there does not hide here.
 *
 * @param how whether differences that an entry mends are mended; otherwise nothing is written
 * @param finalEvents of whoever compares again and again; all are read unless given
 * @throws AppError `unavailable` where nodes or records cannot be used, or most nodes do not say the same
 */
export async function reconcile(
  ports: ReconcilePorts,
  policy: RelayPolicy,
  how: Repair,
  finalEvents: FinalEvents = createFinalEvents(ports.chain, policy.startBlock),
): Promise<Reconciliation> {
  const sights = await ports.chain.look([], [])
  const toBlock = middle(sights.map(({ final }) => final.number)) ?? 0
  const events = await finalEvents.read(toBlock)
  const count = events.size
  const { found, holds } = await compareHolds(ports, policy, events)
  // What is left was matched by no hold.
  for (const event of events.values())
    if (event.kind === 'spent') found.push(unknownSpend(policy, event))
  const differences: Difference[] = []
  for (const each of found) {
    const now = isUnspent(each) ? await lookAgain(ports, policy, each) : each
    const difference = now && (await mendDifference(ports, policy, now, how))
    if (difference) differences.push(difference)
  }
  return { fromBlock: policy.startBlock, toBlock, events: count, holds, differences }
}

/** Takes out of `events` those that have a hold. */
async function compareHolds(
  { store, sha256 }: SpendPorts,
  policy: RelayPolicy,
  events: Map<Hash, PointsEvent>,
): Promise<{ readonly found: FoundDifference[]; readonly holds: number }> {
  const { ledger, asset } = policy
  await readUpToDate({ store, sha256 }, ledger)
  const found: FoundDifference[] = []
  let holds = 0
  let after: string | undefined
  for (;;) {
    const page = await store.walkDocuments(ledger, 'hold', after, PAGE)
    const givenBack = await readGivenBack({ store, sha256 }, policy, page)
    for (const document of page) {
      const hold = valueOf('hold', document)
      if (hold.bucket !== 'held' || hold.asset !== asset) continue
      holds++
      const operation = operationOf(sha256, { ...policy, id: document.id })
      const event = events.get(operation)
      events.delete(operation)
      const isGivenBack = givenBack.has(operation)
      const difference = compare(document.id, hold, operation, event, isGivenBack)
      if (difference) found.push(difference)
    }
    if (page.length < PAGE) return { found, holds }
    after = page.at(-1)?.id
  }
}

/** Of these holds those that were settled, and whose points a repair has given back since. */
async function readGivenBack(
  ports: Pick<SpendPorts, 'store' | 'sha256'>,
  policy: RelayPolicy,
  holds: readonly LedgerDocument[],
): Promise<ReadonlySet<Hash>> {
  const { store, sha256 } = ports
  const operations = holds.map(({ id }) => operationOf(sha256, { ...policy, id }))
  const names = operations.map((operation) => {
    const id = operationId(RELAY_SCOPE, givenBackKey(operation))
    return { kind: 'key', id } as const
  })
  const keys = await store.documents(policy.ledger, names)
  const givenBack = new Set<Hash>()
  for (const [index, operation] of operations.entries()) {
    const document = keys[index]
    if (!document) continue
    let { status } = valueOf('key', document).outcome
    // The ledger may have taken a later attempt.
    if (status === 'refused') {
      // oxlint-disable-next-line no-await-in-loop -- rare
      const { use } = await lastAttempt(ports, policy.ledger, givenBackKey(operation))
      status = use?.outcome.status ?? status
    }
    if (status === 'done') givenBack.add(operation)
  }
  return givenBack
}

function compare(
  id: string,
  hold: Hold,
  operation: Hash,
  event: PointsEvent | undefined,
  isGivenBack: boolean,
): FoundDifference | undefined {
  const { asset, account, amountRaw, state, resolvedBy } = hold
  const spent = event?.kind === 'spent' ? event : undefined
  const of = {
    operation,
    hold: id,
    account,
    wallet: spent?.account ?? null,
    heldRaw: amountRaw,
    spentRaw: spent?.amountRaw ?? null,
    blockNumber: event?.blockNumber ?? null,
  }
  const isOpen = state === 'open'
  if (spent) {
    const memo = `spent by ${spent.transaction}`
    if (spent.amountRaw !== amountRaw) return { ...of, cause: 'spent-otherwise', mend: null }
    if (state === 'settled' && !isGivenBack) return undefined
    return isOpen
      ? {
          ...of,
          cause: 'spent-and-open',
          mend: request(settleKey(operation), {
            kind: 'settle',
            hold: id,
            amountRaw,
            feeRaw: 0n,
            memo,
          }),
        }
      : {
          ...of,
          cause: 'spent-and-returned',
          mend: request(lateKey(operation), {
            kind: 'spend',
            asset,
            account,
            amountRaw,
            feeRaw: 0n,
            memo,
          }),
        }
  }
  if (event && isOpen)
    return {
      ...of,
      cause: 'cancelled-and-open',
      mend: request(`void:${operation}`, {
        kind: 'void',
        hold: id,
        memo: 'never spent: cancelled',
      }),
    }
  // A hold that somebody else has settled is none of the chain's.
  const isOwn = resolvedBy === operationId(RELAY_SCOPE, settleKey(operation))
  if (state !== 'settled' || !isOwn || isGivenBack) return undefined
  return { ...of, cause: event ? 'cancelled-and-settled' : 'settled-and-unspent', mend: null }
}

/** The account of the ledger that is named as the address is, if there is one. */
function unknownSpend(
  { asset }: RelayPolicy,
  {
    operation,
    account: wallet,
    amountRaw,
    blockNumber,
    transaction,
  }: PointsEvent & { kind: 'spent' },
): FoundDifference {
  const memo = `spent by ${transaction}`
  return {
    cause: 'unknown-spend',
    operation,
    hold: null,
    account: null,
    wallet,
    heldRaw: null,
    spentRaw: amountRaw,
    blockNumber,
    mend: request(lateKey(operation), {
      kind: 'spend',
      asset,
      account: wallet,
      amountRaw,
      feeRaw: 0n,
      memo,
    }),
  }
}

const request = (key: string, operation: OperationRequest['operation']): OperationRequest => ({
  scope: RELAY_SCOPE,
  key,
  actor: 'relay',
  operation,
})

/**
 * What is settled and not among the events. It may have become final a moment later than these; or it can never be spent any
 * more, so that its points may be given back; or nobody knows yet.
 *
 * @returns undefined where it is spent
 */
async function lookAgain(
  { chain, intents }: ReconcilePorts,
  { asset }: RelayPolicy,
  found: FoundDifference,
): Promise<FoundDifference | undefined> {
  const { operation, hold, account, heldRaw } = found
  const sights = await chain.look([{ operation, transactions: [], fromBlock: null }], [])
  const spent = sights.filter(({ operations }) => operations[0]?.final === 'spent')
  if (spent.length > chain.nodeCount / 2) return undefined
  if (hold === null || account === null || heldRaw === null) return found
  const intent = await intents.intent(hold)
  const deadlineS = intent?.deadlineS ?? null
  const named = {
    wallet: intent?.wallet ?? ZERO_ADDRESS,
    amountRaw: heldRaw,
    deadlineS,
    slot: null,
  }
  const judgement = judge(sights, chain.nodeCount, named, 0, -1)
  if (judgement.kind !== 'unspent')
    return {
      ...found,
      why:
        deadlineS === null
          ? 'nobody knows until when it may still be spent; cancel it on the chain'
          : 'it may still be spent until its deadline; cancel it on the chain, or wait',
    }
  const memo = `settled, and never spent: ${judgement.cause}`
  return {
    ...found,
    mend: request(givenBackKey(operation), {
      kind: 'grant',
      asset,
      account,
      amountRaw: heldRaw,
      memo,
    }),
  }
}
