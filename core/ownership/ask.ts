import { createBatcher } from '#core/batch.ts'
import type { Clock } from '#core/clock.ts'
import { isAppError } from '#core/errors.ts'
import type { TimedBlock } from './decision.ts'
import type { OwnershipRead, OwnerReader, ReadAnswer } from './ports.ts'

/** An answer, or why the contract was not asked. */
export type Told = ReadAnswer | { readonly status: 'unavailable' | 'too-many' }

/** Asks contracts as of one block: everything that is asked in the same breath goes together, and nothing twice. */
export type Ask = (read: OwnershipRead) => Promise<Told>

const UNAVAILABLE: Told = { status: 'unavailable' }
const TOO_MANY: Told = { status: 'too-many' }

/** Questions of one request. What it comes to shows only when the index has named the tokens. */
const READS_MAX = 100_000

export function createAsk(
  reader: Pick<OwnerReader, 'read'>,
  block: TimedBlock,
  clock: Pick<Clock, 'sleep' | 'monotonicMs'>,
  readsMax = READS_MAX,
): Ask {
  const asked = new Map<string, Promise<Told>>()
  const batched = createBatcher<OwnershipRead, Told>(
    clock,
    async (reads) => {
      try {
        return await reader.read(block, reads)
      } catch (error) {
        if (!isAppError(error, 'unavailable')) throw error
        return reads.map(() => UNAVAILABLE)
      }
    },
    { sizeMax: Number.MAX_SAFE_INTEGER, pending: () => 0, lingerMsMax: 0 },
  )
  return (read) => {
    const key = keyOf(read)
    let told = asked.get(key)
    if (!told && asked.size >= readsMax) return Promise.resolve(TOO_MANY)
    if (!told) asked.set(key, (told = batched(read)))
    return told
  }
}

function keyOf(read: OwnershipRead): string {
  switch (read.of) {
    case 'token-owner':
    case 'punk-owner':
      return `${read.of} ${read.contract} ${read.tokenId}`
    case 'balance':
      return `${read.of} ${read.contract} ${read.account}`
    case 'amount':
      return `${read.of} ${read.contract} ${read.account} ${read.tokenId}`
    case 'interface':
      return `${read.of} ${read.contract} ${read.standard}`
    case 'escrowed-owner':
      return `${read.of} ${read.contract} ${read.method} ${read.collection} ${read.tokenId}`
    case 'escrowed-balance':
      return `${read.of} ${read.contract} ${read.method} ${read.account}`
    case 'delegated': {
      const { scope, contract, to, vault, collection, tokenId, rights } = read
      return [read.of, scope, contract, to, vault, collection, tokenId, rights].join(' ')
    }
    default:
      return read satisfies never
  }
}
