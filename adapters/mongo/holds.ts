import { type Collection, ObjectId } from 'mongodb'
import type { HoldDocument } from './collections.ts'

/** A reader says so often that it is still there. */
const RENEW_MS = 10_000
/**
 * One that has not for so long is dead, and what it held is swept. It is by far more than clocks of servers differ, and
 * than a server is away while it elects a primary; who comes back later is told that its view was swept.
 */
const EXPIRE_MS = 120_000

/** All holds of a chain: their `_id` begins with its number and a colon. */
const ofChain = (chainId: number) => ({ _id: { $gt: `${chainId}:`, $lt: `${chainId};` } })

/**
 * Keeps what a head needs for as long as something is read.
 *
 * @param number a height that the head which is going to be read is not below
 */
export async function whileHeld<T>(
  holds: Collection<HoldDocument>,
  chainId: number,
  number: number,
  read: () => Promise<T>,
): Promise<T> {
  const id = `${chainId}:${new ObjectId().toHexString()}`
  await holds.insertOne({ _id: id, chainId, number, until: Date.now() + EXPIRE_MS })
  const renew = (): Promise<unknown> =>
    holds.updateOne({ _id: id }, { $max: { until: Date.now() + EXPIRE_MS } })
  // Where the server is away, the next time may find it back.
  const timer = setInterval(() => void renew().catch(() => undefined), RENEW_MS)
  timer.unref()
  try {
    return await read()
  } finally {
    clearInterval(timer)
    // Where that fails, it expires.
    await holds.deleteMany({ _id: id }).catch(() => undefined)
  }
}

/** The lowest height that is held; holds of readers that died are removed. */
export async function lowestHeld(
  holds: Collection<HoldDocument>,
  chainId: number,
): Promise<number | undefined> {
  const found = await holds.find(ofChain(chainId)).toArray()
  const now = Date.now()
  const dead = found.filter(({ until }) => until < now).map(({ _id: id }) => id)
  if (dead.length > 0) await holds.deleteMany({ _id: { $in: dead } })
  const numbers = found.filter(({ until }) => until >= now).map(({ number }) => number)
  return numbers.toSorted((a, b) => a - b)[0]
}
