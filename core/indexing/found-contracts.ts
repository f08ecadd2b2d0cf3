import type { Address } from '#core/chain.ts'
import { type Key, keyOf } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import type { Admission } from './admission.ts'
import type { Catalogue } from './catalogue.ts'
import type { AnySource, FoundContracts } from './source.ts'

/** A contract that an event brought into being, and the block of that event. */
type Found = { readonly number: number; readonly address: Address }

/** The contracts that events brought into being, kept so that a reorganisation takes them back. */
export type FollowedChildren = {
  /** Follows those that a history has. */
  readFrom(view: View): Promise<void>
  /** These are followed already. */
  add(more: readonly Found[]): void
  /** Follows those above this block no longer. */
  forgetAbove(number: number): void
}

/** How many are read at a time. */
const PAGE = 1_000

export function createFoundContracts(
  ports: ResolvePorts & { readonly catalogue: Catalogue },
  sources: readonly AnySource[],
  admission: Admission,
): FollowedChildren {
  let found: Found[] = []

  async function follow(view: View, { spec, contractOf }: FoundContracts): Promise<void> {
    let after: Key | undefined
    for (;;) {
      const scan = { order: 'identity', prefix: [], limit: PAGE, ...(after && { after }) }
      const page = await scanDocuments(ports, view, spec, scan)
      for (const value of page) {
        const contract = contractOf(value)
        if (!contract) continue
        admission.follow(contract)
        found.push({ number: contract.number, address: contract.address })
      }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = keyOf(spec, last)
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
      found.push(...more)
    },
    forgetAbove(number) {
      const gone = found.filter((contract) => contract.number > number)
      admission.unfollow(gone.map(({ address }) => address))
      found = found.filter((contract) => contract.number <= number)
    },
  }
}
