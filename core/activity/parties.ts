import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import type { LiquidityChange, Swap } from '#core/dex/events.ts'
import type { PositionEvent } from '#core/dex/positions/position-events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Transfer } from '#core/nft/transfer.ts'

/** Events that name themselves who takes part in them. */
export type NamingEvent = Swap | LiquidityChange | Transfer

/**
 * Who takes part in an event, each once: who asked for it, whose it is and who was sent what came of it, as far as the
 * event tells. Neither the pool itself nor the zero address is anybody.
 */
export function partiesOf({ address, body }: ChainEvent<NamingEvent>): Address[] {
  const parties: Address[] = []
  if (body.type === 'transfer') {
    add(parties, address, body.from)
    add(parties, address, body.to)
    return parties
  }
  if ('sender' in body) add(parties, address, body.sender)
  if ('owner' in body) add(parties, address, body.owner)
  if ('recipient' in body) add(parties, address, body.recipient)
  return parties
}

function add(parties: Address[], pool: Address, party: Address): void {
  if (party !== ZERO_ADDRESS && party !== pool && !parties.includes(party)) parties.push(party)
}

/**
 * Who takes part in an event of a position, each once.
 *
 * @param owner of the position before the event, as far as it is known
 */
export function partiesOfPosition(body: PositionEvent, owner: Address | undefined): Address[] {
  switch (body.type) {
    case 'transferPosition':
      return somebody(body.from, body.to)
    case 'collectPosition':
      return somebody(owner, body.recipient)
    case 'increasePosition':
    case 'decreasePosition':
      return somebody(owner)
    default:
      return body satisfies never
  }
}

const somebody = (...parties: readonly (Address | undefined)[]): Address[] => [
  ...new Set(parties.flatMap((party) => (party && party !== ZERO_ADDRESS ? [party] : []))),
]
