import { describe, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { ZERO_ADDRESS } from '#core/chain.ts'
import { emptyDigest } from '#core/history/digest.ts'
import { type DocumentSpec, keyOf } from '#core/history/document.ts'
import { type HeadEntry, viewFrom } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { compareHoldings } from '#core/nft/compare-holdings.ts'
import {
  type Holding,
  holdingDocuments,
  type Ownership,
  ownershipDocuments,
} from '#core/nft/holding.ts'
import type { NftReader } from '#core/nft/ports.ts'
import type { CollectionSource } from '#core/nft/sources.ts'
import type { ComparedStates } from '#core/operations/chain-states.ts'
import { addressOf } from '../../fakes/encode.ts'
import { ownIds } from '../../fakes/own-ids.ts'

const [ART, MULTI] = [addressOf(0x721), addressOf(0x1155)]
const [ANN, BEN] = [addressOf(0xa), addressOf(0xb)]
const hash = `0x${'1'.repeat(64)}` as const
const ref = { number: 9, commit: 'only', move: 2 } as const

const token = (tokenId: bigint, owner = ANN): Ownership => ({ collection: ART, tokenId, owner })
const held = (amount: bigint, more: Partial<Holding> = {}): Holding => ({
  collection: MULTI,
  tokenId: 1n,
  owner: ANN,
  standard: 'erc1155',
  amount,
  shortfall: 0n,
  ...more,
})

/** Compares documents with contracts that answer so; the history begins at block 5. */
async function compared(
  documents: { readonly owners?: readonly Ownership[]; readonly holdings?: readonly Holding[] },
  contracts: Partial<NftReader>,
  startBlock: number | null = 5,
): Promise<ComparedStates> {
  const { writer, ...history } = createMemoryChainStore(createMemoryTables())
  const ids = ownIds(1)
  const put = <T extends object>(spec: DocumentSpec<T>, values: readonly T[]) =>
    writer.replace(
      values.map((value) => ({
        id: {
          tree: ids[spec.projection.name] as string,
          kind: spec.kind,
          key: keyOf(spec, value),
        },
        version: { ...ref, value },
        previous: null,
        expected: null,
      })),
    )
  await writer.putSettled(1, [{ commit: ref.commit, from: ref.number, to: ref.number }])
  await put(ownershipDocuments, documents.owners ?? [])
  await put(holdingDocuments, documents.holdings ?? [])
  const head: HeadEntry = {
    ...ref,
    chainId: 1,
    reason: 'advance',
    hash,
    timestamp: 0,
    blocks: 1,
    finalized: { number: 9, hash },
    floorMove: 2,
    digest: emptyDigest,
    coverage: [{ from: 5, to: 9 }],
    proof: [],
    projections: ids,
    committedAtMs: 0,
  }
  const nobody: NftReader = { owners: async () => [], balances: async () => [] }
  const ports = {
    ...history,
    views: createViews(history.heads, 1),
    nfts: { ...nobody, ...contracts },
  }
  const sources = [ART, MULTI].map((address): CollectionSource => ({
    kind: address === ART ? 'erc721' : 'erc1155',
    address,
    startBlock,
  }))
  const all = { sample: undefined, random: () => 0 }
  const steps = compareHoldings(ports, viewFrom(head), sources, all, { aborted: false })
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value
}

const ownersOf = (owner: Awaited<ReturnType<NftReader['owners']>>[number]): Partial<NftReader> => ({
  owners: async (block, tokens) => {
    expect(block).toEqual({ number: 9, hash })
    return tokens.map(() => owner)
  },
})
const balanceOf = (balance: bigint | undefined): Partial<NftReader> => ({
  balances: async (_, holdings) => holdings.map(() => balance),
})

describe('owners of NFTs against their contracts', () => {
  test('agree, or are told with both', async () => {
    expect(await compared({ owners: [token(1n)] }, ownersOf(ANN))).toEqual({
      compared: 1,
      unanswered: [],
      differences: [],
    })
    const { differences } = await compared({ owners: [token(1n)] }, ownersOf(BEN))
    expect(differences).toEqual([
      { of: `token 1 of ${ART}`, field: 'owner', stored: ANN, chain: BEN },
    ])
  })

  test('of a burnt token a contract refuses to tell, or tells the address zero', async () => {
    const burnt = { owners: [token(1n, ZERO_ADDRESS)] }
    expect((await compared(burnt, ownersOf(null))).differences).toEqual([])
    expect((await compared(burnt, ownersOf(ZERO_ADDRESS))).differences).toEqual([])
    const { differences } = await compared({ owners: [token(1n)] }, ownersOf(null))
    expect(differences).toMatchObject([{ stored: ANN, chain: ZERO_ADDRESS }])
  })

  test('are what holdings of such tokens say too', async () => {
    const erc721 = { collection: ART, standard: 'erc721' } as const
    const holdings = [held(1n, { ...erc721, owner: ANN }), held(0n, { ...erc721, owner: BEN })]
    expect((await compared({ holdings }, ownersOf(ANN))).differences).toEqual([])
    expect((await compared({ holdings }, ownersOf(BEN))).differences).toMatchObject([
      { field: `amount of ${ANN}`, stored: '1', chain: '0' },
      { field: `amount of ${BEN}`, stored: '0', chain: '1' },
    ])
  })

  test('are not compared where a contract does not answer as it should, which is told', async () => {
    expect(await compared({ owners: [token(7n)] }, ownersOf(undefined))).toEqual({
      compared: 0,
      unanswered: [`token 7 of ${ART}`],
      differences: [],
    })
  })
})

describe('balances against their contracts', () => {
  test('agree, or are told with both', async () => {
    expect(await compared({ holdings: [held(3n)] }, balanceOf(3n))).toMatchObject({ compared: 1 })
    for (const balance of [2n, 4n])
      expect((await compared({ holdings: [held(3n)] }, balanceOf(balance))).differences).toEqual([
        {
          of: `token 1 of ${MULTI}`,
          field: `amount of ${ANN}`,
          stored: '3',
          chain: String(balance),
        },
      ])
    expect(
      (await compared({ holdings: [held(3n)] }, balanceOf(undefined))).unanswered,
    ).toHaveLength(1)
  })

  test('may be more, never less, where the history does not know what was there before it', async () => {
    const part = held(3n, { shortfall: 2n })
    expect((await compared({ holdings: [part] }, balanceOf(5n))).differences).toEqual([])
    expect((await compared({ holdings: [part] }, balanceOf(2n))).differences).toHaveLength(1)
    for (const startBlock of [null, 4]) {
      const of = (balance: bigint) =>
        compared({ holdings: [held(3n)] }, balanceOf(balance), startBlock)
      expect((await of(5n)).differences).toEqual([])
      expect((await of(2n)).differences).toHaveLength(1)
    }
  })
})
