import { enableCompileCache, flushCompileCache } from 'node:module'
import { dirname } from 'node:path'
import { workerData } from 'node:worker_threads'
import type { ThreadData } from './threaded-chain-store.ts'

const { compiled } = workerData as ThreadData
// Node names the folder with its own version in it.
if (compiled !== undefined) enableCompileCache(dirname(compiled))
await import('./answer-calls.ts')
// Not at the end, which a thread that is stopped does not come to.
if (compiled !== undefined) flushCompileCache()
