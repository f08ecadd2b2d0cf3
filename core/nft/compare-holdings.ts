import { type Address, type BlockRef, rangeWith, ZERO_ADDRESS } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { walkDocuments } from '#core/history/walk-documents.ts'
import type {
  ComparedStates,
  CompareChoice,
  CompareStep,
  StateDifference,
} from '#core/operations/chain-states.ts'
import { createSampler } from '#core/sample.ts'
import { type Holding, holdingDocuments, type Ownership, ownershipDocuments } from './holding.ts'
import type { NftReader } from './ports.ts'
import type { CollectionSource } from './sources.ts'

export type CompareHoldingsPorts = ResolvePorts & { readonly nfts: NftReader }

/** What is compared: whose a token is, or how much of it an account holds. */
type Item =
  | { readonly of: 'ownership'; readonly value: Ownership }
  | { readonly of: 'holding'; readonly value: Holding }

/** Tokens that are asked for together. */
const TOKENS = 100

/**
 * Compares owners of ERC-721 tokens and balances of ERC-1155 tokens as they are stored with what their contracts say at
 * the view's block. Of a collection that is not indexed from its start on, an account may hold more of an ERC-1155 token
 * than is known.
 *
 * @param sources the collections that are indexed
 * @returns generator of progress; its value is what was found
 * @throws AppError `unavailable` where the state of the block cannot be read
 */
export async function* compareHoldings(
  ports: CompareHoldingsPorts,
  view: View,
  sources: readonly CollectionSource[],
  { sample, random }: CompareChoice,
  cancel: Cancel,
): AsyncGenerator<CompareStep, ComparedStates> {
  const sampler = createSampler<Item>(sample, random)
  for await (const value of walkDocuments(ports, view, ownershipDocuments))
    sampler.add({ of: 'ownership', value })
  for await (const value of walkDocuments(ports, view, holdingDocuments))
    sampler.add({ of: 'holding', value })
  const { items } = sampler
  const block: BlockRef = { number: view.head.number, hash: view.head.hash }
  const whole = wholeCollections(view, sources)
  const unanswered = new Set<string>()
  const differences: StateDifference[] = []
  let compared = 0
  for (let from = 0; from < items.length && !cancel.aborted; from += TOKENS) {
    const part = items.slice(from, from + TOKENS)
    for (const { item, chain } of await readChain(ports.nfts, block, part)) {
      if (chain === undefined) {
        unanswered.add(nameOf(item))
        continue
      }
      compared++
      const found = differenceOf(item, chain, whole)
      if (found) differences.push({ of: nameOf(item), ...found })
    }
    yield { done: Math.min(from + TOKENS, items.length), total: items.length }
  }
  return { compared, unanswered: [...unanswered], differences }
}

/** An owner, null where there is none; or a balance; undefined where the contract does not tell. */
type Told = Address | null | bigint | undefined

async function readChain(
  nfts: NftReader,
  block: BlockRef,
  items: readonly Item[],
): Promise<{ readonly item: Item; readonly chain: Told }[]> {
  const [several, single] = [items.filter(isErc1155), items.filter((item) => !isErc1155(item))]
  const [owners, balances] = await Promise.all([
    nfts.owners(
      block,
      single.map(({ value }) => value),
    ),
    nfts.balances(
      block,
      several.map(({ value }) => value),
    ),
  ])
  return [
    ...single.map((item, index) => ({ item, chain: owners[index] })),
    ...several.map((item, index) => ({ item, chain: balances[index] })),
  ]
}

const isErc1155 = (item: Item): item is Extract<Item, { of: 'holding' }> =>
  item.of === 'holding' && item.value.standard === 'erc1155'

const nameOf = ({ value }: Item): string => `token ${value.tokenId} of ${value.collection}`

function differenceOf(
  item: Item,
  chain: Exclude<Told, undefined>,
  whole: ReadonlySet<Address>,
): Omit<StateDifference, 'of'> | undefined {
  if (item.of === 'ownership') {
    const [stored, owner] = [item.value.owner, chain ?? ZERO_ADDRESS]
    return stored === owner ? undefined : { field: 'owner', stored, chain: String(owner) }
  }
  const { owner, amount, shortfall, collection } = item.value
  const held = typeof chain === 'bigint' ? chain : BigInt(chain === owner)
  if (held === amount) return undefined
  // What came before the first block indexed is not known, and was not sent on yet.
  if (held > amount && (shortfall > 0n || !whole.has(collection))) return undefined
  return { field: `amount of ${owner}`, stored: String(amount), chain: String(held) }
}

/** The collections of which no transfer can be missing. */
function wholeCollections(
  { head }: View,
  sources: readonly CollectionSource[],
): ReadonlySet<Address> {
  const run = rangeWith(head.coverage, head.number)
  return new Set(
    sources
      .filter(({ startBlock }) => run && startBlock !== null && run.from <= startBlock)
      .map(({ address }) => address),
  )
}
