import { expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import type { Address, Hash } from '#core/chain.ts'
import { catalogue } from '#core/catalogue.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { EventQuery } from '#core/history/ports.ts'
import { valueOfRow } from '#core/history/stored-row.ts'
import { createBlockRows } from '#core/indexing/block-rows.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import { createRandom } from '../fakes/random.ts'

const CHAIN_ID = 1
const hash = (number: number, filler: string): Hash =>
  `0x${filler}${number.toString(16).padStart(63, '0')}`
const contract = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`

type Place = { readonly number: number; readonly logIndex: number; readonly commit: string }
type Stored = Place & { readonly address: Address }

/** Blocks of up to 400 rows a family, each as several commits brought it. */
async function storedBlocks(store: ReturnType<typeof openSqliteChainStore>): Promise<Stored[]> {
  const random = createRandom(7)
  const stored: Stored[] = []
  for (const commit of ['a', 'b', 'c'])
    for (let number = 10; number < 16; number++) {
      if (random.chance(0.2)) continue
      const block = { number, hash: hash(number, commit), timestamp: number }
      const rows = createBlockRows()
      const events: ChainEvent<Transfer>[] = []
      for (let logIndex = 0; logIndex < 900; logIndex += 1 + random.int(2)) {
        const address = contract(random.int(random.chance(0.1) ? 40 : 2))
        const body = transfer(BigInt(logIndex))
        const transactionHash = hash(logIndex >> 3, 'f')
        events.push({ block, transactionHash, logIndex, address, body })
        rows.event(transactionHash, logIndex, address, catalogue.kindOf(body), body)
        stored.push({ number, logIndex, commit, address })
      }
      await store.writer.atomically(async () => {
        await store.writer.putBlocks(CHAIN_ID, commit, [{ ...block, parentHash: block.hash }])
        const given = [{ block, events, rows: rows.text(), offsets: rows.offsets() }]
        await store.writer.putEvents(CHAIN_ID, commit, given)
        // Once more, as a writer does that does not know whether it was.
        await store.writer.putEvents(CHAIN_ID, commit, given)
      })
    }
  return stored
}

const transfer = (tokenId: bigint): Transfer => ({
  type: 'transfer',
  protocol: 'erc721',
  operator: null,
  from: contract(1),
  to: contract(2),
  tokenIds: [tokenId],
  amounts: [1n],
})

test('pages of any size, both ways, by contract or not, give each row of each commit once and in order', async () => {
  const store = openSqliteChainStore(':memory:')
  const stored = await storedBlocks(store)
  const random = createRandom(8)
  for (let round = 0; round < 15; round++) {
    const descending = random.chance(0.5)
    const query: EventQuery = {
      family: 'transfer',
      descending,
      limit: 3 + random.int(random.chance(0.5) ? 40 : 600),
      ...(random.chance(0.6) && { address: contract(random.int(40)) }),
      ...(random.chance(0.4) && { from: 9 + random.int(6) }),
      ...(random.chance(0.4) && { to: 10 + random.int(6) }),
    }
    const expected = stored
      .filter(
        ({ number, address }) =>
          (query.address ?? address) === address &&
          number >= (query.from ?? 0) &&
          number <= (query.to ?? 99),
      )
      .map(({ number, logIndex, commit }) => `${number} ${logIndex} ${commit}`)
    const seen: string[] = []
    let places: number[][] = []
    let after: EventQuery['after']
    for (;;) {
      const page = await store.events.list(CHAIN_ID, { ...query, ...(after && { after }) })
      for (const row of page) {
        const { block, logIndex, body } = valueOfRow(row)
        expect([block.hash, (body as Transfer).tokenIds[0]]).toEqual([
          hash(block.number, row.commit),
          BigInt(logIndex),
        ])
        seen.push(`${block.number} ${logIndex} ${row.commit}`)
        places.push([block.number, logIndex])
      }
      const last = page.at(-1)
      if (!last || page.length < query.limit) break
      after = { ...last.place, branch: last.branch }
    }
    expect(seen.toSorted()).toEqual(expected.toSorted())
    if (descending) places = places.toReversed()
    expect(places).toEqual(places.toSorted(([a, b], [c, d]) => a! - c! || b! - d!))
  }
  store.close()
})

test('a page behind a place leaves out all rows of that place', async () => {
  const store = openSqliteChainStore(':memory:')
  const stored = await storedBlocks(store)
  const random = createRandom(9)
  for (let round = 0; round < 10; round++) {
    const { number, logIndex } = random.pick(stored)
    const descending = random.chance(0.5)
    const query = { family: 'transfer', descending, limit: 5_000, after: { number, logIndex } }
    const page = await store.events.list(CHAIN_ID, query)
    const side = descending ? -1 : 1
    const beyond = stored.filter(
      (each) => Math.sign(each.number - number || each.logIndex - logIndex) === side,
    )
    expect(page).toHaveLength(Math.min(beyond.length, query.limit))
  }
  store.close()
})
