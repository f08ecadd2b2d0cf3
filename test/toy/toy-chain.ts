import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { halyardValues } from '#core/catalogue.ts'
import type { Hash } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ChainAppender, createChainAppender } from '#core/indexing/append-blocks.ts'
import { type Catalogue, createCatalogue } from '#core/indexing/catalogue.ts'
import { commitPorts, type CommitPorts } from '#core/indexing/commit-ports.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { addressOf } from '../fakes/encode.ts'
import { createFakeChain, fakeSources, provenOf } from '../fakes/fake-chain.ts'
import { createFakeClock } from '../fakes/index-app.ts'
import {
  GREETED,
  greeters,
  type GreeterSource,
  greetingFamily,
  guestsProjection,
} from './greetings.ts'

/** Halyard with one more kind of source, event, document and projection: a line each. */
export const catalogue = createCatalogue({
  sources: [...halyardValues.sources, greeters],
  families: [...halyardValues.families, greetingFamily],
  projections: [...halyardValues.projections, guestsProjection],
})
export const GREETER = addressOf(0x9ee7)
const greeterSource: GreeterSource = { kind: 'greeter', address: GREETER, startBlock: null }
const sources = [...fakeSources, greeterSource]
export const [ANN, BOB] = [addressOf(0xa1), addressOf(0xb1)]
export const CHAIN_ID = 31_337

const word = (value: bigint): Hash => `0x${value.toString(16).padStart(64, '0')}`

/** A chain of the usual events, and three greetings in its last block but one. */
async function blocks(): Promise<ProvenBlock[]> {
  const chain = createFakeChain(5, { maxLogs: 6 })
  await chain.mine(6)
  const proven = chain.blocks.map(provenOf)
  const greeting = proven[4] as ProvenBlock
  const { number, hash } = greeting.header
  const logs = (
    [
      [ANN, 1n],
      [BOB, 5n],
      [ANN, 2n],
    ] as const
  ).map(([guest, times], index) => ({
    address: GREETER,
    topics: [GREETED, word(BigInt(guest))] as const,
    data: word(times),
    blockNumber: number,
    blockHash: hash,
    transactionHash: word(77n),
    transactionIndex: 90,
    logIndex: 900 + index,
  }))
  proven[4] = { ...greeting, logs: [...greeting.logs, ...logs] }
  return proven
}

export type Store = Parameters<typeof commitPorts>[0] & { readonly catalogue: Catalogue }

export function writerOf(store: Store): { ports: CommitPorts; appender: ChainAppender } {
  const ports = { ...commitPorts(store, createFakeClock(), CHAIN_ID), sha256, newId }
  return { ports, appender: createChainAppender(ports, CHAIN_ID, sources) }
}

/** Follows the chain block by block; final is what lies two below. */
export async function follow(appender: ChainAppender): Promise<View> {
  const chain = await blocks()
  await appender.open()
  for (const block of chain) {
    await appender.take([block])
    const final = chain[block.header.number - 2]?.header ?? { number: -1, hash: word(0n) }
    const { number, hash } = final
    const status = await appender.commit({ number, hash })
    if (status !== 'committed') throw new Error(`not committed: ${status}`)
  }
  return appender.view() as View
}
