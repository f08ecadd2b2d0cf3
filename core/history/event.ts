import type { Address, BlockRef, Hash } from '#core/chain.ts'
import { type AnyFields, decodeRecord, encodeRecord, type Fields } from '#core/record.ts'

declare const bodyType: unique symbol

/** What every event's body has besides its own fields: together they name its kind. */
export type EventBody = { readonly type: string; readonly protocol: string }

/** A decoded log of a proven block. Its identity is (chain, block hash, log index). */
export type ChainEvent<Body extends EventBody = EventBody> = {
  /** `timestamp` in seconds since 1970. */
  readonly block: BlockRef & { readonly timestamp: number }
  readonly transactionHash: Hash
  readonly logIndex: number
  /** The contract that emitted it; or a pool of Uniswap V4 by its 32 bytes, which one contract speaks for. */
  readonly address: Address
  readonly body: Body
}

/** A kind of event: one shape of body. It is plain data. */
export type EventSpec<Body extends EventBody = EventBody> = {
  readonly type: Body['type']
  readonly protocol: Body['protocol']
  /** `type/protocol`: stored beside each body, and part of the digest of events, so it never changes. */
  readonly kind: string
  /** Stands for the kind where a store saves space. Never changed, never given to another kind. */
  readonly number: number
  /** The fields of a body besides `type` and `protocol`. */
  readonly fields: AnyFields
  /** Only for the compiler. */
  readonly [bodyType]?: Body
}

/** A kind of event whose fields are checked against its body. */
export const eventSpec = <Body extends EventBody>(
  spec: Pick<EventSpec<Body>, 'type' | 'protocol' | 'number'> & {
    readonly fields: Fields<Omit<Body, 'type' | 'protocol'>>
  },
): EventSpec<Body> => ({ ...spec, kind: `${spec.type}/${spec.protocol}` })

/** Kinds of events that are read and listed together; a store may keep each family in a table of its own. */
export type EventFamily<Body extends EventBody = EventBody> = {
  readonly name: string
  /**
   * Raised when the same logs are decoded into other events than before, or their fields change, so that nobody reads
   * old ones as new.
   */
  readonly version: number
  readonly events: readonly EventSpec<Body>[]
}

/** The body as canonical JSON, without its kind. */
export const encodeEventBody = (spec: EventSpec, body: EventBody): string =>
  encodeRecord(spec.fields, body)

/** The body that `encodeEventBody` wrote. @throws AppError `unavailable` when the text is damaged */
export const decodeEventBody = <Body extends EventBody>(
  { type, protocol, fields }: EventSpec<Body>,
  text: string,
): Body => ({ type, protocol, ...decodeRecord(fields, text) }) as Body
