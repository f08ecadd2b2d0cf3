import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import type { ProofMode } from '#core/indexing/proof-policy.ts'
import { SWAP_V2, SYNC } from '#core/dex/sources/uniswap-v2.ts'
import { makeSwapChain, type SwapChain } from './swap-chain.ts'
import { inFolder, median, scriptArguments } from './measure.ts'

/** Blocks of the bare download's requests: about as many logs as the backfill asks for at once. */
const BLOCKS_PER_REQUEST = 10
const CONCURRENCY = 4
const ROUNDS = 3
const MEMORY_POLL_MS = 20

/** What is run on a store of its own: the levels of proof from the cheapest on, and what the raw layer is worth. */
const RUNS = {
  bloomNotKept: [
    'backfill, checked by bloom, proven logs not kept',
    { proof: 'bloom', raw: 'off' },
  ],
  bloom: ['backfill, the node trusted, checked by bloom', { proof: 'bloom' }],
  auto: ['backfill, receipts where a log may be (default)', { proof: 'auto' }],
  receipts: ['backfill, receipts of every block', { proof: 'receipts' }],
} as const satisfies Readonly<Record<string, readonly [string, Settings]>>

type Settings = { readonly proof: ProofMode; readonly raw?: 'off' }
type Run = { readonly seconds: number; readonly megabytesPeak: number; readonly logs: number }
type Runs = Readonly<Record<keyof typeof RUNS, Run>>

/**
 * A backfill into SQLite (fetch, prove, decode, fold, store) against a download of the same logs that only parses
 * them: one request after the other, and as many at once as the backfill has.
 */
export async function benchIndex(print: (line: string) => void): Promise<void> {
  print('making a chain with 200,000 swaps of 50 Uniswap V2 pairs ...')
  await using chain = await makeSwapChain({ pairs: 50, blocks: 1_000, swapsPerBlock: 200 })
  const rounds: { one: number; many: number; runs: Runs; derive: Run; rawBytes: number }[] = []
  let downloaded = { seconds: 0, logs: 0, bytes: 0 }
  for (let round = 0; round < ROUNDS; round++) {
    downloaded = await download(chain, 1)
    const many = await download(chain, CONCURRENCY)
    const runs: Partial<Record<keyof Runs, Run>> = {}
    let derived: { derive: Run; rawBytes: number } | undefined
    for (const [name, [, settings]] of Object.entries(RUNS) as [keyof Runs, [string, Settings]][])
      runs[name] = await inFolder(async (folder) => {
        const run = await backfill(chain, folder, settings)
        if (name === 'auto') derived = await derive(chain, folder)
        return run
      })
    rounds.push({
      one: downloaded.seconds,
      many: many.seconds,
      runs: runs as Runs,
      ...(derived as { derive: Run; rawBytes: number }),
    })
  }
  const mid = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick))
  const [one, many] = [mid((round) => round.one), mid((round) => round.many)]
  const line = (name: string, seconds: number, more = ''): void =>
    print(`  ${name.padEnd(48)} ${seconds.toFixed(2).padStart(6)} s  ${more}`)
  const ratios = (seconds: number): string =>
    `${(seconds / one).toFixed(2)} and ${(seconds / many).toFixed(2)} times the downloads`
  const { logs, bytes } = downloaded
  print(
    `${logs} logs in ${chain.to} blocks, ${Math.round(bytes / 1e6)} MB; medians of ${ROUNDS} rounds`,
  )
  line('bare eth_getLogs, one request after another', one)
  line(`bare eth_getLogs, ${CONCURRENCY} at once`, many)
  const memory = (pick: (round: (typeof rounds)[number]) => Run): string =>
    `peak memory ${Math.round(mid((round) => pick(round).megabytesPeak))} MB`
  for (const [name, [title]] of Object.entries(RUNS) as [keyof Runs, [string, Settings]][]) {
    const seconds = mid(({ runs }) => runs[name].seconds)
    line(title, seconds, `${ratios(seconds)}, ${memory(({ runs }) => runs[name])}`)
  }
  const seconds = mid((round) => round.derive.seconds)
  const stored = rounds[0]?.runs.auto.logs ?? 0
  const perSecond = Math.round(stored / seconds)
  line(
    'derive, from the kept logs, without a node',
    seconds,
    `${perSecond} logs/s, ${memory((round) => round.derive)}`,
  )
  print(`  kept logs: ${Math.round(mid(({ rawBytes }) => rawBytes) / stored)} bytes of disk each`)
  if (stored < logs) throw new Error(`the backfill stored ${stored} of ${logs} logs`)
}

const hex = (number: number): string => `0x${number.toString(16)}`

/** Downloads and parses the swaps and syncs of the whole chain, and throws them away. */
async function download(
  chain: SwapChain,
  concurrency: number,
): Promise<{ seconds: number; logs: number; bytes: number }> {
  const pool = new Pool(chain.url, { connections: concurrency })
  const startedAt = performance.now()
  let next = chain.from
  let logs = 0
  let bytes = 0
  const lane = async (): Promise<void> => {
    while (next <= chain.to) {
      const from = next
      next += BLOCKS_PER_REQUEST
      const range = { fromBlock: hex(from), toBlock: hex(Math.min(next - 1, chain.to)) }
      const { body } = await pool.request({
        path: '/',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: from,
          method: 'eth_getLogs',
          params: [{ ...range, topics: [[SWAP_V2, SYNC]] }],
        }),
      })
      const text = await body.text()
      bytes += text.length
      logs += (JSON.parse(text) as { result: unknown[] }).result.length
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  const seconds = (performance.now() - startedAt) / 1_000
  await pool.close()
  return { seconds, logs, bytes }
}

function configIn(
  folder: string,
  name: string,
  chain: SwapChain,
  { proof, raw }: Settings,
): string {
  const path = join(folder, `${name}.json`)
  writeFileSync(
    path,
    JSON.stringify({
      chain: { id: DEVNET_CHAIN_ID, rpc: [chain.url], profile: 'ethereum', proof },
      store: `sqlite:./${name}.db`,
      raw: raw ?? 'sqlite:./raw.db',
      sources: [{ kind: 'uniswap-v2', factory: chain.factory, startBlock: chain.from }],
    }),
  )
  return path
}

const backfill = (chain: SwapChain, folder: string, settings: Settings): Promise<Run> =>
  runCommand('backfill', configIn(folder, 'history', chain, settings), chain)

/** Makes the history once more, of what a backfill in this folder has kept. */
async function derive(
  chain: SwapChain,
  folder: string,
): Promise<{ derive: Run; rawBytes: number }> {
  const config = configIn(folder, 'derived', chain, { proof: 'auto' })
  const run = await runCommand('derive', config, chain)
  return { derive: run, rawBytes: statSync(join(folder, 'raw.db')).size }
}

/** Runs the operator's command, as an operator would. */
async function runCommand(command: string, config: string, chain: SwapChain): Promise<Run> {
  const args = [command, '--config', config, '--to', `${chain.to}`, '--json']
  const child = spawn(process.execPath, [...scriptArguments('halyard'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let kilobytesPeak = 0
  const timer = setInterval(() => {
    kilobytesPeak = Math.max(kilobytesPeak, residentKilobytes(child.pid))
  }, MEMORY_POLL_MS)
  let stdout = ''
  for await (const text of child.stdout.setEncoding('utf8')) stdout += text as string
  clearInterval(timer)
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
    seconds: number
    logs: number
  }
  return { seconds: report.seconds, logs: report.logs, megabytesPeak: kilobytesPeak / 1_024 }
}

/** The kernel's own high-water mark; 0 where there is none to read. */
function residentKilobytes(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
