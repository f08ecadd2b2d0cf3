import type { Address, Hash } from '#core/chain.ts'
import { expectShape, MalformedLog, uintAt, uintOf } from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type ContractRole, type Decoder, decoder, type SourceSpec } from '#core/indexing/source.ts'
import { type ContractEvent, declaredEvent } from './contract-event.ts'
import { declarationOf, type EventDeclaration, isValueOf } from './event-declaration.ts'

/** A contract of which some events are indexed as they are declared. */
export type ContractEventSource = {
  readonly kind: 'contract-events'
  readonly address: Address
  /** `form` of each, in alphabetical order. */
  readonly events: readonly string[]
  readonly startBlock: number | null
}

function decodeEvent(
  { signature, parameters }: EventDeclaration,
  { topics, data }: RawLog,
): ContractEvent {
  const indexed = parameters.filter(({ isIndexed }) => isIndexed).length
  expectShape(topics, data, 1 + indexed, parameters.length - indexed)
  let [topic, word] = [1, 0]
  const words = parameters.map(({ name, type, isIndexed }) => {
    const value = isIndexed ? uintOf(topics[topic++] as Hash) : uintAt(data, word++)
    if (!isValueOf(type, value)) throw new MalformedLog(`${name || 'a value'} does not fit ${type}`)
    return value
  })
  return { type: 'contractEvent', protocol: 'declared', signature, words }
}

/** @throws AppError `invalid` naming the field for what is no declaration */
function decoderOf(text: string): [Hash, Decoder] {
  const declaration = declarationOf(text)
  return [declaration.topic, decoder(declaredEvent, (log: RawLog) => decodeEvent(declaration, log))]
}

const roleOf = ({ events }: ContractEventSource): ContractRole => ({
  name: 'contract-events',
  decoders: new Map(events.map(decoderOf)),
})

export const contractEvents: SourceSpec<ContractEventSource> = {
  kind: 'contract-events',
  needsMore: true,
  contractOf: (source) => ({ address: source.address, role: roleOf(source) }),
}
