import type { Address, Hash } from '#core/chain.ts'
import { AppError, assert } from '#core/errors.ts'
import type { EventBody, EventSpec } from '#core/history/event.ts'
import type { Catalogue } from './catalogue.ts'
import { MalformedLog } from './log-words.ts'
import type { RawLog } from './ports.ts'
import { type LogScope, scopeOf } from './raw/log-scope.ts'
import {
  type AnySource,
  type ContractRole,
  type FollowedContract,
  type SourceSpec,
  subjectRole,
} from './source.ts'

/** Past this many contracts those that were found are asked for by topic only, and what is not ours is dropped here. */
const CONTRACTS_ASKED_MAX = 500

/** What a log turned out to be. */
type Admitted =
  /** Not of a source, or not an event that is followed. */
  | { readonly status: 'foreign' }
  | {
      readonly status: 'event'
      readonly body: EventBody
      readonly spec: EventSpec
      /** The emitter, or what it speaks of. */
      readonly address: Address
      /** The contract that it brings into being, or what its emitter speaks for from now on. */
      readonly child: FollowedContract | undefined
    }
  /** `reason` begins with the kind of event that its first topic names. */
  | { readonly status: 'malformed'; readonly reason: string }

/**
 * Which contracts count. An event counts only if its emitter is a configured contract or one that such a contract
 * created before it: the first topic alone also matches forks and impostors. An event of what a contract speaks for counts
 * only if the contract was seen to bring that into being.
 */
export type Admission = {
  admit(log: RawLog): Admitted
  /** Follows a contract from now on. False where it was followed before. */
  follow(contract: FollowedContract): boolean
  /** Stops to follow contracts whose creation was reorganised away. */
  unfollow(addresses: Iterable<Address>): void
  /** The logs that count; `more` are contracts that are not followed yet but may be soon. */
  scope(more?: readonly Address[]): LogScope
  /** The logs that bring contracts into being; undefined where no source has any. */
  factoryScope(): LogScope | undefined
}

const foreign: Admitted = { status: 'foreign' }

/** @throws AppError `invalid` for a kind of source that the catalogue does not have, or two sources of one contract */
export function createAdmission(
  { sources: specs, events }: Pick<Catalogue, 'sources' | 'events'>,
  sources: readonly AnySource[],
): Admission {
  const roles = new Map<Address, ContractRole>()
  const sourceAt = new Map<Address, AnySource>()
  for (const source of sources) {
    const { address, role } = specOf(specs, source).contractOf(source)
    if (roles.has(address))
      throw new AppError('invalid', `sources: ${address} is there twice; name it once`, {
        details: { field: 'sources' },
      })
    refuseRole(events, role)
    roles.set(address, role)
    sourceAt.set(address, source)
  }
  const own = new Map(roles)
  /** Whether a source makes of a contract's logs already all that a role would; another kind may make other events of them. */
  const isWhole = (address: Address, role: ContractRole): boolean => {
    const named = own.get(address)
    if (!named) return false
    return role.decoders
      .entries()
      .every(([topic, { spec }]) => named.decoders.get(topic)?.spec === spec)
  }
  const factories = [...own].filter(([, { children = [] }]) => children.length > 0)
  const children = factories.flatMap(([, role]) => role.children ?? [])
  const childTopics = topicsOf(children)
  const ownFilters = [...own].map(([address, role]) => ({
    addresses: [address],
    topics: topicsOf([role]),
  }))

  return {
    admit(log) {
      const role = roles.get(log.address)
      const topic = log.topics[0]
      const decoder = role && topic && role.decoders.get(topic)
      if (!decoder) return foreign
      try {
        const body = decoder.decode(log, sourceAt.get(log.address))
        const subject = decoder.subjectOf?.(body)
        const child =
          subject !== undefined && decoder.beginsSubject
            ? { address: subject, role: subjectRole }
            : role.childOf?.(body)
        if (subject !== undefined && !child && !roles.has(subject)) return foreign
        return { status: 'event', body, spec: decoder.spec, address: subject ?? log.address, child }
      } catch (error) {
        // BigInt refuses what is not hex with a SyntaxError.
        if (error instanceof MalformedLog || error instanceof SyntaxError)
          return { status: 'malformed', reason: `${decoder.spec.kind}: ${error.message}` }
        throw error
      }
    },
    follow({ address, role }) {
      const named = own.get(address)
      if (roles.get(address) !== named || isWhole(address, role)) return false
      roles.set(address, named ? bothOf(named, role) : role)
      return true
    },
    unfollow(addresses) {
      for (const address of addresses) {
        const named = own.get(address)
        if (named) roles.set(address, named)
        else roles.delete(address)
      }
    },
    scope(more = []) {
      const followed = [...roles].flatMap(([address, role]) =>
        role.decoders.size > 0 && role !== own.get(address) ? [address] : [],
      )
      const wanted = more.filter((address) => !children.some((role) => isWhole(address, role)))
      const found = [...new Set([...followed, ...wanted])]
      const isMany = own.size + found.length > CONTRACTS_ASKED_MAX
      return scopeOf([
        ...ownFilters,
        ...(childTopics.length === 0
          ? []
          : [{ topics: childTopics, ...(!isMany && { addresses: found }) }]),
      ])
    },
    factoryScope() {
      if (factories.length === 0) return undefined
      return scopeOf(
        factories.map(([address, role]) => ({ addresses: [address], topics: topicsOf([role]) })),
      )
    },
  }
}

/**
 * @throws Error for a role whose events the catalogue does not have, or whose children bring forth contracts themselves:
 *   these would be followed too late to be asked for
 */
function refuseRole(events: Catalogue['events'], role: ContractRole, isChild = false): void {
  const { name, decoders, children = [] } = role
  for (const { spec } of decoders.values())
    assert(events.includes(spec), `events ${spec.kind} of ${name} are in a family of the catalogue`)
  assert(
    !isChild || children.length === 0,
    `${name}, which a contract creates, creates none itself`,
  )
  for (const child of children) refuseRole(events, child, true)
}

/**
 * A contract that a source names and another one created, as a pair whose shares are indexed as a token: it is either. Of an
 * event that both have, what its creator makes of it counts.
 */
const bothOf = (named: ContractRole, created: ContractRole): ContractRole => ({
  ...named,
  name: `${named.name}, ${created.name}`,
  decoders: new Map([...named.decoders, ...created.decoders]),
})

const topicsOf = (roles: readonly ContractRole[]): Hash[] => [
  ...new Set([...new Set(roles)].flatMap(({ decoders }) => [...decoders.keys()])),
]

function specOf(specs: Catalogue['sources'], source: AnySource): SourceSpec {
  const spec = specs.get(source.kind)
  if (spec) return spec
  throw new AppError(
    'invalid',
    `sources: the kind "${source.kind}" is none of ${[...specs.keys()].join(', ')}`,
    { details: { field: 'sources' } },
  )
}
