import type { Address, Hash } from '#core/chain.ts'
import type { DocumentSpec } from '#core/history/document.ts'
import type { EventBody, EventSpec } from '#core/history/event.ts'
import type { RawLog } from './ports.ts'

/** An entry of what a deployment indexes: a contract, and what kind of contract it is. */
export type AnySource = {
  readonly kind: string
  /** A hint for planning; null means that nobody said where it starts. */
  readonly startBlock: number | null
}

/** The block that the first of these starts at; undefined where none says. */
export function firstStart(sources: readonly AnySource[]): number | undefined {
  const starts = sources.flatMap(({ startBlock }) => startBlock ?? [])
  return starts.length > 0 ? Math.min(...starts) : undefined
}

/** How one kind of event is read from a log. */
export type Decoder = {
  readonly spec: EventSpec
  /**
   * @param source the entry that names the emitter; undefined where a contract was found, not named
   * @throws MalformedLog for a log that does not have the event's shape
   */
  decode(log: RawLog, source: AnySource | undefined): EventBody
  /**
   * What the event is of, where one contract speaks for many: it is then listed under this and not under the emitter, as a
   * pool of Uniswap V4 is under its 32 bytes. It counts only once an event was seen that brings its subject into being:
   * what the subject is no later one tells.
   */
  readonly subjectOf?: (body: EventBody) => Address
  /** Whether the event brings its subject into being. */
  readonly beginsSubject?: true
}

/** A decoder that gives just what its kind of event says. */
export const decoder = <Body extends EventBody>(
  spec: EventSpec<Body>,
  decode: (log: RawLog, source: AnySource | undefined) => Body,
): Decoder => ({ spec, decode })

/** A contract to follow. */
export type FollowedContract = { readonly address: Address; readonly role: ContractRole }

/** What a contract is to the index: which of its logs count, and as what. */
export type ContractRole = {
  readonly name: string
  /** By first topic. */
  readonly decoders: ReadonlyMap<Hash, Decoder>
  /** The contract that an event of this one brings into being, and that is followed from then on. */
  childOf?(body: EventBody): FollowedContract | undefined
  /** The roles that such contracts can have. */
  readonly children?: readonly ContractRole[]
}

/** What a contract speaks for has no logs of its own. */
export const subjectRole: ContractRole = { name: 'subject', decoders: new Map() }

/** Documents that name contracts which were found, so that a writer that starts knows them again. */
export type FoundContracts<T extends object = object> = {
  readonly spec: DocumentSpec<T>
  /** `number` is the block that it was found in; undefined for what a source names. */
  contractOf(value: T): (FollowedContract & { readonly number: number }) | undefined
}

/** A kind of source. */
export type SourceSpec<S extends AnySource = AnySource> = {
  readonly kind: S['kind']
  /** Its entries say more of a contract than an address and a block, so that `contractOf` cannot do with these. */
  readonly needsMore?: true
  contractOf(source: S): FollowedContract
  readonly found?: FoundContracts
}
