import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { watchSqliteFile } from '#adapters/sqlite/watch-file.ts'
import { LATENCY_MS, startLateNode } from './late-node.ts'
import { inFolder, scriptArguments, spread } from './measure.ts'
import { makeSwapChain, type SwapChain } from './swap-chain.ts'

/** So many that the slowest one of a hundred is no single block. */
const BLOCKS = 600
const SWAPS = 20
/** Between blocks: a fast chain. */
const PAUSE_MS = 100
/** With a node that is far away: a slower chain, with which it keeps up. */
const LATE_BLOCKS = 60
const LATE_PAUSE_MS = 400
/** As many blocks as anvil lets be taken back: what is older is final. */
const REORG_BLOCKS = 64
const REORG_SWAPS = 100
const ROUNDS = 3
const LOOK_MS = 2
const PATIENCE_MS = 60_000

/**
 * How soon after a node has a block the indexer's store has it, told by WebSocket; and how long the indexer takes to leave
 * many blocks for others, all of which are there when it looks again.
 */
export async function benchFollowing(print: (line: string) => void): Promise<void> {
  await using chain = await makeSwapChain({ pairs: 20, blocks: 10, swapsPerBlock: SWAPS })
  await inFolder(async (folder) => {
    await using indexer = await startIndexer(chain, chain.url, folder)
    const times = await follow(chain, indexer, { blocks: BLOCKS, pauseMs: PAUSE_MS })
    print(`${BLOCKS} blocks with ${2 * SWAPS} logs each, one every ${PAUSE_MS} ms, in SQLite`)
    print(`  mined to stored: ${spread(times)}`)
    for (let round = 0; round < ROUNDS; round++) print(`  ${await reorganise(chain, indexer)}`)
  })
  await inFolder(async (folder) => {
    await using node = await startLateNode(chain.url)
    await using indexer = await startIndexer(chain, node.url, folder)
    const times = await follow(chain, indexer, { blocks: LATE_BLOCKS, pauseMs: LATE_PAUSE_MS })
    print(
      `  the same from a node whose heads and answers come ${LATENCY_MS} ms late: ${spread(times)}`,
    )
  })
}

/** How long after each of so many new blocks it is stored, milliseconds. */
async function follow(
  chain: SwapChain,
  indexer: Indexer,
  { blocks, pauseMs }: { readonly blocks: number; readonly pauseMs: number },
): Promise<number[]> {
  const times: number[] = []
  // It may still be on its way to the head.
  await indexer.stored(await chain.mine(SWAPS))
  for (let each = 0; each < blocks; each++) {
    await sleep(pauseMs)
    const number = await chain.mine(SWAPS)
    const minedAt = performance.now()
    await indexer.stored(number)
    times.push(performance.now() - minedAt)
  }
  return times
}

async function reorganise(chain: SwapChain, indexer: Indexer): Promise<string> {
  const mine = async (count: number): Promise<number> => {
    let number = 0
    for (let each = 0; each < count; each++) number = await chain.mine(REORG_SWAPS)
    return number
  }
  // Behind the snapshot nothing is final.
  const goBack = await chain.remember()
  const left = await mine(REORG_BLOCKS)
  await indexer.stored(left)
  indexer.pause()
  await goBack()
  const number = await mine(REORG_BLOCKS + 1)
  const startedAt = performance.now()
  indexer.goOn()
  // One node alone is believed when its chain goes on.
  const going = new AbortController()
  const goingOn = (async (): Promise<void> => {
    while (!going.signal.aborted) {
      await sleep(PAUSE_MS)
      await chain.mine(SWAPS)
    }
  })()
  await indexer.stored(number)
  const seconds = (performance.now() - startedAt) / 1_000
  going.abort()
  await goingOn
  return `${REORG_BLOCKS} blocks of ${REORG_SWAPS} swaps left for ${REORG_BLOCKS + 1} others: ${seconds.toFixed(2)} s`
}

type Indexer = AsyncDisposable & {
  /** Resolves when a block of that number is the head of the store, or a later one. */
  stored(number: number): Promise<void>
  pause(): void
  goOn(): void
}

async function startIndexer(chain: SwapChain, url: string, folder: string): Promise<Indexer> {
  const config = join(folder, 'halyard.json')
  const path = join(folder, 'history.db')
  writeFileSync(
    config,
    JSON.stringify({
      chain: {
        id: DEVNET_CHAIN_ID,
        rpc: [url, url.replace('http', 'ws')],
        profile: 'ethereum',
      },
      store: 'sqlite:./history.db',
      indexer: { metricsPort: 0, audit: 'off' },
      sources: [{ kind: 'uniswap-v2', factory: chain.factory, startBlock: chain.from }],
    }),
  )
  const child = spawn(process.execPath, [...scriptArguments('indexer'), '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close')
  const store = await openOnceThere(path)
  let wake: () => void = () => undefined
  const watching = watchSqliteFile(path, () => wake())
  const stored = async (number: number): Promise<void> => {
    const until = performance.now() + PATIENCE_MS
    while (((await store.heads.latest(DEVNET_CHAIN_ID))?.number ?? -1) < number) {
      if (performance.now() > until) throw new Error(`block ${number} is not stored: ${stderr}`)
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(LOOK_MS)])
    }
  }
  await stored(chain.to)
  return {
    stored,
    pause: () => child.kill('SIGSTOP'),
    goOn: () => child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]()
      store.close()
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function openOnceThere(path: string) {
  const until = performance.now() + PATIENCE_MS
  for (;;)
    try {
      return openSqliteChainStore(path)
    } catch (error) {
      if (performance.now() > until) throw error
      await sleep(PAUSE_MS)
    }
}
