import { openRig } from '../api-rig.ts'

/**
 * Sends documents that all differ, first valid and then invalid ones, and prints what is left in memory. Run with a
 * small heap: whatever keeps a part of each dies of it.
 */
const VALID = 200
const INVALID = 2_500
const AT_ONCE = 20

await using rig = await openRig({ blocks: 1 })
let number = 0
let refused = 0

async function send(count: number, documentOf: (number: number) => string): Promise<void> {
  const last = number + count
  const work = async (): Promise<void> => {
    while (number < last) {
      // oxlint-disable-next-line no-await-in-loop -- a client that sends one after the other
      const { errors } = await rig.query(documentOf(number++))
      if (errors) refused++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

await send(VALID, (n) => `{ a${n}: __typename b: pools(first: 1) { nodes { address feePips } } }`)
await send(INVALID, (n) => `{ x${n} { y${n} } pools(z: ${n}) { nodes { none } } ...F${n} }`)
process.stdout.write(JSON.stringify({ refused, heap: process.memoryUsage().heapUsed }))
