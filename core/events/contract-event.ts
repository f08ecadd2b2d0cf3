import { type EventFamily, eventSpec } from '#core/history/event.ts'

/** An event of which the configuration says what it is. */
export type ContractEvent = {
  readonly type: 'contractEvent'
  readonly protocol: 'declared'
  /** `Staked(address,uint256)` */
  readonly signature: string
  /** Its values as words of 32 bytes, in the order of the declaration. */
  readonly words: readonly bigint[]
}

export const declaredEvent = eventSpec<ContractEvent>({
  type: 'contractEvent',
  protocol: 'declared',
  number: 72,
  fields: { signature: 'text', words: 'uint256[]' },
})

export const contractEventFamily: EventFamily<ContractEvent> = {
  name: 'contract',
  version: 1,
  events: [declaredEvent],
}
