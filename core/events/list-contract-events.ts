import type { Address } from '#core/chain.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { type EventPorts, placeOfEvent } from '#core/history/list-events.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import { type ContractEvent, contractEventFamily } from './contract-event.ts'
import { type DeclaredContracts, expectDeclared } from './declared-contracts.ts'

export type ContractEventQuery = {
  readonly contract: Address
  /** A name or a signature; all events of the contract unless given. */
  readonly event?: string
  /** Block numbers, both included. */
  readonly fromBlock?: number
  readonly toBlock?: number
  /** The page begins behind this event, in the direction of the walk. */
  readonly after?: EventPlace
  readonly oldestFirst?: boolean
  readonly limit: number
}

export type ContractEventPage = {
  readonly items: readonly ChainEvent<ContractEvent>[]
  /** Where the walk goes on behind the page; undefined where nothing is left. */
  readonly next: EventPlace | undefined
}

/** Events of one name are picked out of all that the contract has; so many are looked at for a page. */
export const LOOKED_AT_MAX = 2_000
const READ_MIN = 200

/**
 * Declared events of a contract, newest first unless asked otherwise. Where few of many events are asked for, a page may
 * have fewer than `limit` items, or none, and still go on.
 *
 * @throws AppError as `expectDeclared` does
 */
export async function listContractEvents(
  ports: EventPorts & { readonly declaredContracts: DeclaredContracts },
  view: View,
  { contract, event, fromBlock, toBlock, after, oldestFirst, limit }: ContractEventQuery,
): Promise<ContractEventPage> {
  const signatures = expectDeclared(ports.declaredContracts, contract, event)
  const size = event === undefined ? limit + 1 : Math.max(limit + 1, READ_MIN)
  const items: ChainEvent<ContractEvent>[] = []
  const pages = pagesOfEvents(ports, view, contractEventFamily, {
    address: contract,
    descending: !oldestFirst,
    limit: size,
    ...(fromBlock !== undefined && { from: fromBlock }),
    ...(toBlock !== undefined && { to: toBlock }),
    ...(after && { after }),
  })
  let lookedAt = 0
  for await (const page of pages) {
    for (const each of page) {
      if (!signatures.includes(each.body.signature)) continue
      const last = items.at(-1)
      if (last && items.length === limit) return { items, next: placeOfEvent(last) }
      items.push(each)
    }
    const end = page.at(-1)
    lookedAt += size
    if (end && page.length === size && lookedAt >= LOOKED_AT_MAX)
      return { items, next: placeOfEvent(end) }
  }
  return { items, next: undefined }
}
