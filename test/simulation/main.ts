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
    /** Parts of the history are made anew meanwhile. */
    rebuilds: { type: 'boolean', default: false },
    /** Tokens, positions and Uniswap V4 are followed too. */
    wide: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    /** Spends of points on a chain, in the place of histories. */
    relay: { type: 'boolean', default: false },
  },
})

const [seeds, from, failuresMax] = [values.seeds, values.from, values.failures].map(Number) as [
  number,
  number,
  number,
]
const store = values.store as StoreKind
if (!['memory', 'sqlite', 'mongo'].includes(store))
  throw new Error(`--store: "${store}" is none of memory, sqlite, mongo`)
if (![seeds, from, failuresMax].every(Number.isSafeInteger))
  throw new Error('--seeds, --from and --failures are whole numbers')

const server = store === 'mongo' ? await openMongoServer() : undefined
const sum: Tally = {}
let failed = 0
const began = performance.now()
for (let seed = from; seed < from + seeds && failed < failuresMax; seed++)
  try {
    const mongoUrl = server && { mongoUrl: server.url }
    const tally = values.relay
      ? await simulateRelay(seed)
      : await simulate({ seed, store, rebuilds: values.rebuilds, wide: values.wide, ...mongoUrl })
    for (const [what, count] of Object.entries(tally)) sum[what] = (sum[what] ?? 0) + count
  } catch (error) {
    failed++
    const { stack, trace } = error as Failure
    console.log(`seed ${seed}: ${stack}`)
    if (values.trace && !values.relay) console.log(trace.join('\n'))
  }
await server?.stop()
console.log(
  JSON.stringify({ failed, seconds: Math.round((performance.now() - began) / 1000), ...sum }),
)
process.exitCode = failed > 0 ? 1 : 0
