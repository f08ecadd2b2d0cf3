import type { ContractEvent } from '#core/events/contract-event.ts'
import { nameOf, valueTexts } from '#core/events/event-declaration.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { block } from './blocks.ts'
import { address, field, hash, int, resource, text, valuesOf } from './resource.ts'

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
