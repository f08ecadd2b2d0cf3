import type { ContractEvent } from '#core/events/contract-event.ts'
import type { Address } from '#core/chain.ts'
import {
  type EventDeclaration,
  type EventParameter,
  nameOf,
  valueTexts,
} from '#core/events/event-declaration.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { block } from './blocks.ts'
import { address, field, hash, int, listOf, maybe, resource, text, valuesOf } from './resource.ts'

export const contractEvent = resource<ChainEvent<ContractEvent>>(
  'ContractEvent',
  'An event of a contract, as the configuration declares it.',
  {
    block: field(block, (event) => event.block),
    transactionHash: field(hash, ({ transactionHash }) => transactionHash),
    logIndex: field(int, ({ logIndex }) => logIndex),
    contract: field(address, (event) => event.address),
    event: field(text, ({ body }) => nameOf(body.signature), 'Its name.'),
    signature: field(
      text,
      ({ body }) => body.signature,
      'Its name and the types of its values: Staked(address,uint256).',
    ),
    values: field(
      valuesOf('text'),
      ({ body }) => valueTexts(body.signature, body.words),
      'In the order of the signature: addresses and bytes in hex, numbers in digits, true and false.',
    ),
  },
)

const eventValue = resource<EventParameter>('DeclaredValue', undefined, {
  name: maybe(text, ({ name }) => name || null, 'Null where the configuration gives none.'),
  type: field(text, ({ type }) => type, 'As Solidity has it: address, uint256.'),
})

const declaredEvent = resource<EventDeclaration>('DeclaredEvent', undefined, {
  event: field(text, ({ signature }) => nameOf(signature), 'Its name.'),
  signature: field(text, ({ signature }) => signature),
  topic: field(hash, ({ topic }) => topic, 'The first topic of its logs.'),
  values: field(listOf(eventValue), ({ parameters }) => parameters, 'In the order of events.'),
})

/** A contract, and what is declared of it. */
export type DeclaredContractRow = readonly [Address, readonly EventDeclaration[]]

export const declaredContract = resource<DeclaredContractRow>(
  'DeclaredContract',
  'A contract whose events are indexed as the configuration declares them.',
  {
    address: field(address, ([of]) => of),
    events: field(listOf(declaredEvent), ([, events]) => events),
  },
)
