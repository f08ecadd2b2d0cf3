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
      } else
        for (const party of partiesOf(event as ChainEvent<NamingEvent>)) pages.add(party, event)
    return [...positions.values(), ...pages.all()]
  },

  wantsThen: wantedOfOwners,

  begin: foldActivity,
}

const isOfPosition = (event: ChainEvent<AnyEvent>): event is ChainEvent<PositionEvent> =>
  'tokenId' in event.body

/** The pages of accounts and blocks, each wanted once. */
function createWantedPages() {
  const found = new Map<string, Wanted>()
  return {
    add(account: Address, { block }: Pick<ChainEvent, 'block'>): void {
      const page = pageOfBlock(block.number)
      const text = `${account} ${page}`
      if (!found.has(text)) found.set(text, { spec: activityPageDocuments, key: [account, page] })
    },
    all: (): Wanted[] => [...found.values()],
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

type OpenPage = { readonly slot: Slot<ActivityPage>; value: Mutable<ActivityPage> | undefined }

function foldActivity({ documents }: FoldInput): Fold<AnyEvent> {
  const open = new Map<string, OpenPage>()

  function pageOf(account: Address, { block }: ChainEvent): OpenPage {
    const page = pageOfBlock(block.number)
    const text = `${account} ${page}`
    const known = open.get(text)
    if (known) return known
    const slot = documents.slot(activityPageDocuments, [account, page])
    const opened: OpenPage = { slot, value: undefined }
    open.set(text, opened)
    return opened
  }

  /** The page to change: a copy of what the head has. */
  function changed(account: Address, event: ChainEvent): Mutable<ActivityPage> {
    const page = pageOf(account, event)
    const { slot } = page
    page.value ??= {
      ...(slot.value ?? emptyActivityPage(account, pageOfBlock(event.block.number))),
    }
    slot.value = page.value
    slot.changedAt = event.block
    return page.value
  }

  function mark(account: Address, event: ChainEvent<NamingEvent>): void {
    const set = setOf(event.body)
    const bit = bitOfBlock(event.block.number)
    const before = pageOf(account, event).slot.value?.[set] ?? 0n
    if ((before & bit) === 0n) changed(account, event)[set] = before | bit
  }

  function markPosition(event: ChainEvent<PositionEvent>): void {
    const { address, body, block, logIndex } = event
    const owner = documents.slot(positionDocuments, [address, body.tokenId]).value?.owner
    for (const party of partiesOfPosition(body, owner)) {
      const page = changed(party, event)
      page.positions = [...page.positions, placeInPage(block.number, logIndex)]
    }
  }

  return {
    apply(event) {
      if (isOfPosition(event)) markPosition(event)
      else
        for (const party of partiesOf(event as ChainEvent<NamingEvent>))
          mark(party, event as ChainEvent<NamingEvent>)
    },
    finish: () => undefined,
  }
}

/** The set that an event belongs to. */
const setOf = ({ type }: NamingEvent): 'swaps' | 'liquidity' | 'nfts' =>
  type === 'swap' ? 'swaps' : type === 'transfer' ? 'nfts' : 'liquidity'
