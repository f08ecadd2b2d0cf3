import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import { LATENCY_MS, startLateNode } from './late-node.ts'
import { inFolder, median, scriptArguments } from './measure.ts'
import { makeSwapChain, type SwapChain } from './swap-chain.ts'

const WORKERS = [1, 2, 4]
/** Long enough that the start of a process does not count for much, in either way of sharing. */
const BLOCKS = 8_000

/** How processes share a backfill, and how much of it they do. */
type Sharing = {
  readonly title: string
  readonly workers: { readonly rangeBlocks: number; readonly concurrency: number }
  readonly rounds: number
}

/** A process that asks for much at once waits for little of it, and one that asks for little at a time for nearly all. */
const sharings: readonly Sharing[] = [
  {
    title: '4 ranges of 250 blocks at once',
    workers: { rangeBlocks: 250, concurrency: 4 },
    rounds: 3,
  },
  {
    title: 'one range of 25 blocks at a time',
    workers: { rangeBlocks: 25, concurrency: 1 },
    rounds: 1,
  },
]

/**
 * How much faster several processes are that share a backfill: one history in SQLite, by so many processes of
 * `backfill --share`, from a node that answers 50 ms late. What they take of the machine's processors is told beside it,
 * for where that is as much as there is, more processes make nothing faster.
 */
export async function benchWorkers(print: (line: string) => void): Promise<void> {
  await using chain = await makeSwapChain({ pairs: 20, blocks: BLOCKS, swapsPerBlock: 2 })
  await using node = await startLateNode(chain.url)
  print(
    `4 logs a block; a node whose answers come ${LATENCY_MS} ms late; ${availableParallelism()} processors; start included`,
  )
  for (const sharing of sharings) await benchSharing(chain, node.url, sharing, print)
}

async function benchSharing(
  chain: SwapChain,
  url: string,
  { title, workers, rounds }: Sharing,
  print: (line: string) => void,
): Promise<void> {
  const runs = new Map(WORKERS.map((count) => [count, [] as Run[]]))
  let digest: string | undefined
  for (let round = 0; round < rounds; round++)
    for (const count of WORKERS) {
      const run = await share(chain, url, { workers, to: Math.min(BLOCKS, chain.to) }, count)
      runs.get(count)?.push(run)
      digest ??= run.digest
      if (run.digest !== digest) throw new Error(`${count} processes made another history`)
    }
  print(`${BLOCKS} blocks, ${title} a process; medians of rounds: ${rounds}`)
  const one = median((runs.get(1) as Run[]).map(({ seconds }) => seconds))
  for (const [count, all] of runs) {
    const time = median(all.map(({ seconds }) => seconds))
    const processor = median(all.map(({ processorSeconds }) => processorSeconds))
    print(
      `  ${count} process${count > 1 ? 'es' : '  '}  ${time.toFixed(2).padStart(6)} s  ${(one / time).toFixed(2)} times one, ` +
        `${(one / time / count).toFixed(2)} of what they would be in proportion; ` +
        `${processor.toFixed(2)} s of processors' time`,
    )
  }
}

type Run = {
  readonly seconds: number
  /** Of all processes together. */
  readonly processorSeconds: number
  readonly digest: string
}

function share(
  chain: SwapChain,
  url: string,
  { workers, to }: { readonly workers: Sharing['workers']; readonly to: number },
  count: number,
): Promise<Run> {
  return inFolder(async (folder) => {
    const path = join(folder, 'halyard.json')
    writeFileSync(
      path,
      JSON.stringify({
        chain: { id: DEVNET_CHAIN_ID, rpc: [url], profile: 'ethereum', proof: 'bloom' },
        workers,
        sources: [{ kind: 'uniswap-v2', factory: chain.factory, startBlock: chain.from }],
      }),
    )
    const startedAt = performance.now()
    const reports = await Promise.all(Array.from({ length: count }, () => backfill(path, to)))
    const seconds = (performance.now() - startedAt) / 1_000
    const digest = reports[0]?.digest
    if (digest === undefined || reports.some((each) => each.digest !== digest))
      throw new Error('processes differ')
    const processorSeconds = reports.reduce((sum, each) => sum + each.processorSeconds, 0)
    return { seconds, processorSeconds, digest }
  })
}

const TOLD = 'processor time in microseconds: '
/** Has a process tell what it has taken of the processors, as its last line. */
const TELL_USAGE = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process.stderr.write('\\n${TOLD}' + (user + system))
})`)}`

/** One process of the operator's command, with the digest of the history that it reports. */
async function backfill(config: string, to: number): Promise<Omit<Run, 'seconds'>> {
  const args = ['backfill', '--share', '--config', config, '--to', `${to}`, '--json']
  const child = spawn(
    process.execPath,
    ['--import', TELL_USAGE, ...scriptArguments('halyard'), ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(stderr)
  const { digest } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { digest: string }
  return { digest, processorSeconds: Number(stderr.split(TOLD).at(-1)) / 1e6 }
}
