import type { Source } from '#core/catalogue.ts'
import type { Address } from '#core/chain.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { declarationOf, nameOf } from './event-declaration.ts'

/** The contracts whose events are indexed as they are declared, with the signatures of these. */
export type DeclaredContracts = ReadonlyMap<Address, readonly string[]>

export const declaredContracts = (sources: readonly Source[]): DeclaredContracts =>
  new Map(
    sources.flatMap((source) =>
      source.kind === 'contract-events'
        ? [[source.address, source.events.map((form) => declarationOf(form).signature)] as const]
        : [],
    ),
  )

/**
 * The signatures of a contract's events that a client means.
 *
 * @param event a signature, or a name, which several signatures may have; all where it is missing
 * @throws AppError `not-found` with the reason `not-indexed` for another contract, `invalid` for another event
 */
export function expectDeclared(
  contracts: DeclaredContracts,
  contract: Address,
  event: string | undefined,
): readonly string[] {
  const signatures = contracts.get(contract)
  if (!signatures)
    throw new AppError(
      'not-found',
      `contract: ${contract} is not indexed as a source of the kind contract-events, so its events are not known here`,
      { details: { field: 'contract', reason: 'not-indexed' }, audience: 'client' },
    )
  if (event === undefined) return signatures
  const meant = signatures.filter((each) => each === event || nameOf(each) === event)
  if (meant.length > 0) return meant
  throw invalidField('event', `not indexed of ${contract}; it takes ${signatures.join(', ')}`)
}
