import type { Clock } from '#core/clock.ts'
import { AppError, isAppError } from '#core/errors.ts'
import { appendGroup, type AppendPorts, type Receipt } from './append.ts'
import { checkRequest } from './check-request.ts'
import type { OperationRequest } from './operation.ts'

export type LedgerWriterPorts = AppendPorts & { readonly clock: Pick<Clock, 'nowMs' | 'sleep'> }

/** Does operations of one ledger; those that come while an entry is written go together into the next one. */
export type LedgerClerk = {
  /**
   * Resolves when it is known for good what became of the request.
   *
   * @throws AppError `invalid` where the request is not well-formed; `unavailable` where the store cannot be used, and it is
   *   not known whether it was done: the same request with the same key tells
   */
  submit(request: OperationRequest): Promise<Receipt>
}

/** Operations of one entry: it is one document in the store, and is hashed at once. */
const GROUP_MAX = 256
/** What is weighed is what grows with it: grants of one operation each. */
const GROUP_WEIGHT_MAX = 2_000
/** Requests that wait. */
const WAITING_MAX = 20_000
/** Another process was first, this many times in a row. */
const TRIES_MAX = 200
const PAUSE_MS = 2

type Waiting = {
  readonly request: OperationRequest
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
}

/** @param ledger its name, see `checkName` */
export function createLedgerClerk(ports: LedgerWriterPorts, ledger: string): LedgerClerk {
  const waiting: Waiting[] = []
  let isWriting = false

  async function work(): Promise<void> {
    isWriting = true
    while (waiting.length > 0) {
      const group = waiting.splice(0, groupSize(waiting))
      await settle(group)
    }
    isWriting = false
  }

  async function settle(group: readonly Waiting[]): Promise<void> {
    try {
      const receipts = await append(group.map(({ request }) => request))
      for (const [index, { resolve }] of group.entries()) resolve(receipts[index] as Receipt)
    } catch (error) {
      const isOfStore = isAppError(error)
      // A bug that one of them has met is not that of the others.
      if (isOfStore || group.length === 1) for (const { reject } of group) reject(error)
      else for (const one of group) await settle([one])
    }
  }

  async function append(requests: readonly OperationRequest[]): Promise<Receipt[]> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const receipts = await appendGroup(ports, ledger, requests)
      if (receipts !== 'taken') return receipts
      await ports.clock.sleep(PAUSE_MS * Math.min(tries, 10))
    }
    throw busy('other processes write to this ledger without a pause')
  }

  return {
    async submit(request) {
      const checked = checkRequest(request)
      if (waiting.length >= WAITING_MAX) throw busy('too many operations wait for this ledger')
      return new Promise<Receipt>((resolve, reject) => {
        waiting.push({ request: checked, resolve, reject })
        if (!isWriting) void work()
      })
    },
  }
}

function groupSize(waiting: readonly Waiting[]): number {
  let weight = 0
  let size = 0
  for (const { request } of waiting) {
    const { operation } = request
    weight += operation.kind === 'grant-many' ? operation.grants.length : 1
    if (size > 0 && (weight > GROUP_WEIGHT_MAX || size >= GROUP_MAX)) break
    size++
  }
  return size
}

const busy = (why: string): AppError =>
  new AppError('unavailable', `records: ${why}; try again later`, {
    details: { field: 'records', reason: 'busy' },
  })
