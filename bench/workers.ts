import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import { inFolder, median, scriptArguments } from './measure.ts'
import { makeSwapChain, type SwapChain } from './swap-chain.ts'

/** What each answer of the node is held back, as one on the other side of an ocean would. */
const LATENCY_MS = 50
const WORKERS = [1, 2, 4]
const ROUNDS = 3
/** Long enough that the start of a process does not count for much. */
const BLOCKS = 8_000
const RANGE_BLOCKS = 250

/**
 * How much faster several processes are that share a backfill, where it is the node that they wait for: one history in
 * SQLite, by so many processes of `backfill --share`, from a node that answers 50 ms late.
 */
export async function benchWorkers(print: (line: string) => void): Promise<void> {
  await using chain = await makeSwapChain({ pairs: 20, blocks: BLOCKS, swapsPerBlock: 2 })
  await using node = await startLateNode(chain.url)
  const seconds = new Map(WORKERS.map((count) => [count, [] as number[]]))
  let digest: string | undefined
  for (let round = 0; round < ROUNDS; round++)
    for (const count of WORKERS) {
      const run = await share(chain, node.url, count)
      seconds.get(count)?.push(run.seconds)
      digest ??= run.digest
      if (run.digest !== digest) throw new Error(`${count} processes made another history`)
    }
  print(
    `${chain.to + 1} blocks with 4 logs each; a node whose answers come ${LATENCY_MS} ms late; medians of ${ROUNDS} rounds`,
  )
  const one = median(seconds.get(1) as number[])
  for (const [count, times] of seconds) {
    const time = median(times)
    const proportion = one / time / count
    print(
      `  ${count} process${count > 1 ? 'es' : '  '}  ${time.toFixed(2).padStart(6)} s, start included  ${(one / time).toFixed(2)} times one, ` +
        `${proportion.toFixed(2)} of what they would be in proportion`,
    )
  }
}

/** A server before a node that passes everything on, and holds back what the node says. */
async function startLateNode(url: string): Promise<AsyncDisposable & { readonly url: string }> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const node = connect(Number(port), hostname)
    for (const socket of [client, node]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        node.destroy()
      })
    }
    client.pipe(node)
    node.on('data', (part) => void setTimeout(() => client.write(part), LATENCY_MS))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function share(
  chain: SwapChain,
  url: string,
  count: number,
): Promise<{ readonly seconds: number; readonly digest: string }> {
  return inFolder(async (folder) => {
    const path = join(folder, 'halyard.json')
    writeFileSync(
      path,
      JSON.stringify({
        chain: { id: DEVNET_CHAIN_ID, rpc: [url], profile: 'ethereum', proof: 'bloom' },
        workers: { rangeBlocks: RANGE_BLOCKS },
        sources: [{ kind: 'uniswap-v2', factory: chain.factory, startBlock: chain.from }],
      }),
    )
    const startedAt = performance.now()
    const digests = await Promise.all(Array.from({ length: count }, () => backfill(path, chain.to)))
    const seconds = (performance.now() - startedAt) / 1_000
    const [digest] = digests
    if (!digest || digests.some((each) => each !== digest)) throw new Error('processes differ')
    return { seconds, digest }
  })
}

/** One process of the operator's command; resolves to the digest of the history that it reports. */
async function backfill(config: string, to: number): Promise<string> {
  const args = ['backfill', '--share', '--config', config, '--to', `${to}`, '--json']
  const child = spawn(process.execPath, [...scriptArguments('halyard'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(stderr)
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { digest: string }
  return report.digest
}
