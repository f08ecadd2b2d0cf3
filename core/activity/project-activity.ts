import type { Address } from '#core/chain.ts'
import { liquidityFamily, swapFamily } from '#core/dex/events.ts'
import { positionDocuments } from '#core/dex/positions/position.ts'
import { type PositionEvent, positionFamily } from '#core/dex/positions/position-events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type {
  DocumentsAtHand,
  Fold,
  FoldInput,
  Mutable,
  Projection,
  Slot,
  Wanted,
} from '#core/history/projection.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import {
  type ActivityPage,
  activityPageDocuments,
  activityVersion,
  bitOfBlock,
  emptyActivityPage,
  pageOfBlock,
  placeInPage,
} from './activity-page.ts'
import { type NamingEvent, partiesOf, partiesOfPosition } from './parties.ts'

type AnyEvent = NamingEvent | PositionEvent

/**
 * In which blocks each account took part in anything: an index over the events that are stored, so that a feed of an
 * account finds them. It repeats nothing of what they say.
 */
export const activityProjection: Projection<AnyEvent> = {
  ...activityVersion,
  documents: [activityPageDocuments],
  families: [swapFamily, liquidityFamily, transferFamily, positionFamily],
  reads: ['positions'],

  wants(events) {
    const pages = createWantedPages()
    const positions = new Map<string, Wanted>()
    for (const event of events)
      if (isOfPosition(event)) {
        const key = [event.address, event.body.tokenId] as const
        positions.set(key.join(), { spec: positionDocuments, key })
        for (const party of partiesOfPosition(event.body, undefined)) pages.add(party, event)
      } else pages.addAll(partiesOf(event as ChainEvent<NamingEvent>), event)
    return [...positions.values(), ...pages.all()]
  },

  wantsThen: wantedOfOwners,

  begin: foldActivity,
}

const isOfPosition = (event: ChainEvent<AnyEvent>): event is ChainEvent<PositionEvent> =>
  'tokenId' in event.body

/** The pages of accounts and blocks, each wanted once. */
function createWantedPages() {
  const found = new Map<Address, Set<number>>()
  function add(account: Address, { block }: Pick<ChainEvent, 'block'>): void {
    const page = pageOfBlock(block.number)
    const pages = found.get(account)
    if (pages) pages.add(page)
    else found.set(account, new Set([page]))
  }
  return {
    add,
    /** A loop of its own: one within the loop over all events is compiled anew each time that it is left. */
    addAll(accounts: readonly Address[], event: Pick<ChainEvent, 'block'>): void {
      for (const account of accounts) add(account, event)
    },
    all: (): Wanted[] =>
      [...found].flatMap(([account, pages]) =>
        Array.from(pages, (page) => ({ spec: activityPageDocuments, key: [account, page] })),
      ),
  }
}

/** Pages of whoever owns a position, or comes to own it by the events at hand. */
function wantedOfOwners(
  events: readonly ChainEvent<AnyEvent>[],
  documents: DocumentsAtHand,
): Wanted[] {
  const pages = createWantedPages()
  const owners = new Map<string, Address | undefined>()
  for (const event of events) {
    if (!isOfPosition(event)) continue
    const { address, body } = event
    const key = [address, body.tokenId] as const
    const text = key.join()
    if (!owners.has(text)) owners.set(text, documents.slot(positionDocuments, key).value?.owner)
    for (const party of partiesOfPosition(body, owners.get(text))) pages.add(party, event)
    if (body.type === 'transferPosition') owners.set(text, body.to)
  }
  return pages.all()
}

/** A page in the hands of a fold. */
type OpenPage = {
  readonly page: number
  readonly slot: Slot<ActivityPage>
  /** A copy of what the head has, once it was changed. */
  value: Mutable<ActivityPage> | undefined
  /** The newest block that each set has: most events of a block are of accounts that were seen in it. */
  readonly newest: Record<SetName, number>
}

function foldActivity({ documents }: FoldInput): Fold<AnyEvent> {
  // Events come in the order of the chain, so that an account needs no page again behind its next one.
  const pages = new Map<Address, OpenPage>()

  function pageOf(account: Address, { block }: ChainEvent): OpenPage {
    const page = pageOfBlock(block.number)
    const known = pages.get(account)
    if (known?.page === page) return known
    const opened: OpenPage = {
      page,
      slot: documents.slot(activityPageDocuments, [account, page]),
      value: undefined,
      newest: { swaps: -1, liquidity: -1, nfts: -1 },
    }
    pages.set(account, opened)
    return opened
  }

  /** The page to change: a copy of what the head has. */
  function changed(account: Address, open: OpenPage, { block }: ChainEvent): Mutable<ActivityPage> {
    const { slot, page } = open
    open.value ??= { ...(slot.value ?? emptyActivityPage(account, page)) }
    slot.value = open.value
    slot.changedAt = block
    return open.value
  }

  function mark(account: Address, event: ChainEvent<NamingEvent>): void {
    const set = setOf(event.body)
    const { number } = event.block
    const page = pageOf(account, event)
    if (page.newest[set] === number) return
    page.newest[set] = number
    const value = changed(account, page, event)
    value[set] |= bitOfBlock(number)
  }

  function markPosition(event: ChainEvent<PositionEvent>): void {
    const { address, body, block, logIndex } = event
    const owner = documents.slot(positionDocuments, [address, body.tokenId]).value?.owner
    for (const party of partiesOfPosition(body, owner)) {
      const value = changed(party, pageOf(party, event), event)
      value.positions = [...value.positions, placeInPage(block.number, logIndex)]
    }
  }

  return {
    apply(event) {
      if (isOfPosition(event)) markPosition(event)
      else
        for (const party of partiesOf(event as ChainEvent<NamingEvent>))
          mark(party, event as ChainEvent<NamingEvent>)
    },
    finish: () => pages.clear(),
  }
}

type SetName = 'swaps' | 'liquidity' | 'nfts'

/** The set that an event belongs to. */
const setOf = ({ type }: NamingEvent): SetName =>
  type === 'swap' ? 'swaps' : type === 'transfer' ? 'nfts' : 'liquidity'
