import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { openMongoServer } from '../servers/mongo.ts'
import { simulateRelay } from './relay/simulate-relay.ts'
import { type Failure, simulate, type Tally } from './simulate.ts'
import type { StoreKind } from './stores.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    store: { type: 'string', default: 'memory' },
    /** Ends after so many failures. */
    failures: { type: 'string', default: '5' },
    /** Processes that share the seeds; each ends by itself after so many failures. */
    jobs: { type: 'string', default: `${availableParallelism()}` },
    /** Parts of the history are made anew meanwhile. */
    rebuilds: { type: 'boolean', default: false },
    /** Tokens, positions and Uniswap V4 are followed too. */
    wide: { type: 'boolean', default: false },
    /** Writers take what comes next while several commits are under way. */
    ahead: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    /** Spends of points on a chain, in the place of histories. */
    relay: { type: 'boolean', default: false },
  },
})

const [seeds, from, failuresMax, jobs] = [
  values.seeds,
  values.from,
  values.failures,
  values.jobs,
].map(Number) as [number, number, number, number]
const store = values.store as StoreKind
if (!['memory', 'sqlite', 'mongo'].includes(store))
  throw new Error(`--store: "${store}" is none of memory, sqlite, mongo`)
if (![seeds, from, failuresMax].every(Number.isSafeInteger))
  throw new Error('--seeds, --from and --failures are whole numbers')
if (!Number.isSafeInteger(jobs) || jobs < 1) throw new Error('--jobs is a whole number from 1 on')

type Summary = Tally & { failed: number }

/** The seeds of one process, one after another. */
async function run(): Promise<Summary> {
  const server = store === 'mongo' ? await openMongoServer() : undefined
  const sum: Summary = { failed: 0 }
  for (let seed = from; seed < from + seeds && sum.failed < failuresMax; seed++)
    try {
      const mongoUrl = server && { mongoUrl: server.url }
      const tally = values.relay
        ? await simulateRelay(seed)
        : await simulate({
            seed,
            store,
            rebuilds: values.rebuilds,
            wide: values.wide,
            ahead: values.ahead,
            ...mongoUrl,
          })
      add(sum, tally)
    } catch (error) {
      sum.failed++
      const { stack, trace } = error as Failure
      console.log(`seed ${seed}: ${stack}`)
      if (values.trace && !values.relay) console.log(trace.join('\n'))
    }
  await server?.stop()
  return sum
}

function add(sum: Tally, more: Tally): void {
  for (const [what, count] of Object.entries(more)) sum[what] = (sum[what] ?? 0) + count
}

/** A part of the seeds in a process of its own; what it says of failures is passed on. */
async function runApart(
  part: { readonly from: number; readonly seeds: number },
  signal: AbortSignal,
): Promise<Summary> {
  const own = ['--jobs', '1', '--from', `${part.from}`, '--seeds', `${part.seeds}`]
  const args = [...process.execArgv, import.meta.filename, ...process.argv.slice(2), ...own]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], signal })
  const ended = once(child, 'close')
  let summary: Summary | undefined
  for await (const line of createInterface(child.stdout))
    if (line.startsWith('{"failed":')) summary = JSON.parse(line) as Summary
    else console.log(line)
  const [code] = (await ended) as [number | null]
  if (!summary) throw new Error(`seeds from ${part.from} on ended with code ${code}`)
  const { seconds: _, ...counts } = summary
  return counts
}

async function runAll(): Promise<Summary> {
  const sum: Summary = { failed: 0 }
  const size = Math.ceil(seeds / jobs)
  const parts = Array.from({ length: jobs }, (_, job) => ({
    from: from + job * size,
    seeds: Math.min(size, seeds - job * size),
  }))
  // Where one ends with an error, the others are ended.
  const end = new AbortController()
  try {
    const begun = parts.filter((part) => part.seeds > 0).map((part) => runApart(part, end.signal))
    for (const each of await Promise.all(begun)) add(sum, each)
  } finally {
    end.abort()
  }
  return sum
}

const began = performance.now()
const { failed, ...counts } = await (jobs > 1 && seeds > 1 ? runAll() : run())
const seconds = (performance.now() - began) / 1_000
console.log(JSON.stringify({ failed, seconds: Math.round(seconds), ...counts }))
process.exitCode = failed > 0 ? 1 : 0
