import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { pagesOfDocuments } from '#core/history/walk-documents.ts'
import type { Admission } from './admission.ts'
import type { Catalogue } from './catalogue.ts'
import type { AnySource, FoundContracts } from './source.ts'

/** A contract that an event brought into being, and the block of that event. */
type Found = { readonly number: number; readonly address: Address }

/** The contracts that events brought into being, kept so that a reorganisation takes them back. */
export type FollowedChildren = {
  /** Follows those that a history has. */
  readFrom(view: View): Promise<void>
  /** These are followed already; those that are not new were so before. */
  add(more: readonly (Found & { readonly isNew: boolean })[]): void
  /** Follows those above this block no longer. */
  forgetAbove(number: number): void
}

export function createFoundContracts(
  ports: ResolvePorts & { readonly catalogue: Catalogue },
  sources: readonly AnySource[],
  admission: Admission,
): FollowedChildren {
  let found: Found[] = []

  async function follow(view: View, { spec, contractOf }: FoundContracts): Promise<void> {
    for await (const page of pagesOfDocuments(ports, view, spec))
      for (const { value } of page) {
        const contract = contractOf(value)
        if (!contract) continue
        const { number, address } = contract
        if (admission.follow(contract)) found.push({ number, address })
      }
  }

  return {
    async readFrom(view) {
      const kinds = new Set(sources.map(({ kind }) => kind))
      // Several kinds may share a list; two lists of the same documents may name different contracts.
      const lists = new Set<FoundContracts>()
      for (const { kind, found: list } of ports.catalogue.sources.values())
        if (list && kinds.has(kind)) lists.add(list)
      for (const list of lists) await follow(view, list)
    },
    add(more) {
      // A second event of one that is taken back leaves the first.
      for (const { number, address, isNew } of more) if (isNew) found.push({ number, address })
    },
    forgetAbove(number) {
      const gone = found.filter((contract) => contract.number > number)
      admission.unfollow(gone.map(({ address }) => address))
      found = found.filter((contract) => contract.number <= number)
    },
  }
}
