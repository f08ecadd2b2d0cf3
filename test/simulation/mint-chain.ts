import { catalogue } from '#core/catalogue.ts'
import { holdingDocuments } from '#core/nft/holding.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { readDocuments } from '#core/history/resolve.ts'
import type { Waypoint } from '#core/history/window.ts'
import {
  type ChainAppender,
  type CommitListener,
  createChainAppender,
} from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { addressOf } from '../fakes/encode.ts'
import { actBlock } from '../fakes/act-block.ts'
import { createFakeClock } from '../fakes/index-app.ts'
import type { Act } from '../oracle/acts.ts'
import { sources } from './activity.ts'
import type { History } from './reader.ts'
import type { Connection } from './stores.ts'
import { CHAIN_ID } from './writer.ts'

const erc1155 = addressOf(0x1155)
const owner = addressOf(0xb)
/** Blocks below this one are the same on both branches. */
const FORK = 5
const FINALITY = 3
const NO_HASH: Hash = `0x${'0'.repeat(64)}`

export const hashOf = (number: number, branch: number): Hash =>
  number < 0 ? NO_HASH : sha256(`${number} ${number < FORK ? 0 : branch}`)

/**
 * A block in which one unit of token 1 is minted for the owner, or with acts of its own: the amount tells up to which
 * block something was read.
 */
export const blockOf = (
  number: number,
  branch = 0,
  acts: readonly Act[] = [mintOne],
): ProvenBlock =>
  actBlock({ number, hash: hashOf(number, branch) }, hashOf(number - 1, branch), acts)

const mintOne: Act = {
  act: 'transfer1155',
  collection: erc1155,
  operator: owner,
  from: ZERO_ADDRESS,
  to: owner,
  isBatch: false,
  tokens: [{ tokenId: 1n, amount: 1n }],
}

let ids = 0
export const openWriter = async (
  store: Connection,
  committed?: CommitListener,
): Promise<ChainAppender> => {
  const ports = {
    ...(committed && { committed }),
    ...commitPorts(store, createFakeClock(), CHAIN_ID),
    catalogue,
    sha256,
    newId: () => `c${(ids += 1)}`,
  }
  const appender = createChainAppender(ports, CHAIN_ID, sources)
  await appender.open()
  return appender
}

export async function append(
  appender: ChainAppender,
  block: ProvenBlock,
  branch = 0,
): Promise<string> {
  const taken = await appender.take([block])
  if (taken.status !== 'taken') return taken.status
  const number = Math.max(block.header.number - FINALITY, -1)
  return appender.commit({ number, hash: hashOf(number, branch) })
}

/** Commits blocks one by one, each with what is to be done behind it. */
export async function follow(
  appender: ChainAppender,
  from: number,
  to: number,
  branch = 0,
  acts?: readonly Act[],
): Promise<void> {
  for (let number = from; number <= to; number++) {
    if ((await append(appender, blockOf(number, branch, acts), branch)) !== 'committed')
      throw new Error(`block ${number} was not committed: ${appender.conflict()}`)
    await appender.tidied()
  }
}

export const waypoint = (appender: ChainAppender, number: number): Waypoint =>
  waypointsOf(appender.view() as View).find((each) => each.number === number) as Waypoint

export const amountAt = async (history: History, view: View): Promise<bigint | undefined> =>
  (await readDocuments(history, view, holdingDocuments, [[erc1155, 1n, owner]]))[0]?.amount
