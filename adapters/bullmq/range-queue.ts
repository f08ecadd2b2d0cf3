import { Queue, Worker } from 'bullmq'
import { AppError, messageOf } from '#core/errors.ts'
import type { RangeQueue } from '#core/indexing/ranges/ports.ts'

/** What operators see of a queue: jobs in each state. */
type QueueCounts = Readonly<Record<string, number>>

export type BullRangeQueue = RangeQueue & {
  counts(plan: string): Promise<QueueCounts>
  /** Forgets the hints that nobody has taken; the ranges stay in the table. */
  drain(plan: string): Promise<void>
  close(): Promise<void>
}

type RangeJob = { readonly from: number }

const CONNECT_MS_MAX = 2_000
/** A hint is not worth waiting for. */
const COMMAND_MS_MAX = 5_000
const RECONNECT_MS = 1_000
/** Hints that one command carries. */
const BATCH = 1_000

/**
 * Hints through BullMQ on Redis. Whatever Redis loses is told again, and what it tells twice is refused by the table of
 * ranges; so jobs are not kept when they end, and a job that fails is not tried by BullMQ.
 *
 * @param url of the Redis server
 * @param warn told when Redis is lost, once until it is back
 */
export function createBullRangeQueue(url: string, warn: (message: string) => void): BullRangeQueue {
  const queues = new Map<string, Queue<RangeJob>>()
  let isLost = false
  const lost = (error: Error): void => {
    if (isLost) return
    isLost = true
    warn(
      `workers.redis: Redis cannot be used (${messageOf(error)}); ranges are found without it meanwhile`,
    )
  }
  const found = (): void => {
    isLost = false
  }
  const connection = {
    url,
    connectTimeout: CONNECT_MS_MAX,
    retryStrategy: () => RECONNECT_MS,
    maxRetriesPerRequest: null,
  }

  function queueOf(plan: string): Queue<RangeJob> {
    const known = queues.get(plan)
    if (known) return known
    const queue = new Queue<RangeJob>(nameOf(plan), {
      // Who announces does not wait for a server that is away.
      connection: {
        ...connection,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        commandTimeout: COMMAND_MS_MAX,
      },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    queue.on('error', lost)
    queues.set(plan, queue)
    return queue
  }

  const told = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      const answer = await ask()
      found()
      return answer
    } catch (cause) {
      throw new AppError(
        'unavailable',
        `workers.redis: Redis cannot be used (${messageOf(cause)}); start it, or leave the setting out`,
        { details: { field: 'workers.redis' }, cause },
      )
    }
  }

  return {
    async announce(plan, ranges) {
      const queue = queueOf(plan)
      for (let at = 0; at < ranges.length; at += BATCH) {
        const jobs = ranges.slice(at, at + BATCH).map(({ from }) => ({
          name: 'range',
          data: { from },
          // A hint that is waiting already is not told twice.
          opts: { jobId: `range-${from}` },
        }))
        try {
          await queue.waitUntilReady()
          await queue.addBulk(jobs)
          found()
        } catch (error) {
          lost(error as Error)
          return
        }
      }
    },
    work(plan, concurrency, work) {
      const worker = new Worker<RangeJob>(nameOf(plan), (job) => work(job.data.from), {
        connection,
        concurrency,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      })
      worker.on('error', lost)
      return { close: () => worker.close() }
    },
    counts: (plan) =>
      told(async () => queueOf(plan).getJobCounts('waiting', 'active', 'delayed', 'failed')),
    drain: (plan) => told(async () => queueOf(plan).drain()),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()))
    },
  }
}

const nameOf = (plan: string): string => `halyard-${plan}`
