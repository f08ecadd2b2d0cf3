import type { Address } from '#core/chain.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { declarationOf, type EventDeclaration, nameOf } from './event-declaration.ts'

/** A contract whose events are indexed as they are declared, and the declarations as somebody wrote them. */
export type DeclaredContract = { readonly address: Address; readonly events: readonly string[] }

/** All of them, in the order of the configuration. */
export type DeclaredContracts = ReadonlyMap<Address, readonly EventDeclaration[]>

export const declaredContracts = (contracts: readonly DeclaredContract[]): DeclaredContracts =>
  new Map(contracts.map(({ address, events }) => [address, events.map(declarationOf)]))

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
  const signatures = contracts.get(contract)?.map(({ signature }) => signature)
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
