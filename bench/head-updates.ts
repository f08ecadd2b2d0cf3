import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '#adapters/log/logger.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { readConfig } from '#api/config.ts'
import { startServer } from '#api/server.ts'
import { wire } from '#api/wire.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { openToWrite } from '#wiring/open-chain-store.ts'
import { configuredFakeSources } from '../test/apps/fake-chain-config.ts'
import { createFakeChain, fakeSources, provenOf, refAt } from '../test/fakes/fake-chain.ts'
import { inFolder, spread } from './measure.ts'

const CHAIN_ID = 31_337
const COMMITS = 200
const FINALITY = 3
/** Commits until the subscription is open, at most. */
const WARM_UP = 50
/** Between commits: a fast chain. */
const PAUSE_MS = 30
/** A poll that finds nothing in time, so that what is measured was pushed. */
const POLL_MS = 600_000
const QUERY = 'subscription { swapUpdates { finalized { number } } }'

/**
 * How soon after a commit the API answers with it, and how soon a subscriber hears of it: an API over a file of SQLite
 * that a writer in another thread commits to.
 */
export async function benchHeadUpdates(print: (line: string) => void): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, 'halyard.json')
    writeFileSync(
      path,
      JSON.stringify({
        chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9'], poll: POLL_MS },
        sources: configuredFakeSources,
        api: { port: 0, metricsPort: 0, ratePerSecond: 0 },
      }),
    )
    const { answered, heard } = await measure(path)
    print(`${COMMITS} commits to SQLite, one every ${PAUSE_MS} ms, no polls`)
    print(`  committed to answered by /v1/pools   ${spread(answered)}`)
    print(`  committed to heard by a subscriber   ${spread(heard)}`)
  })
}

async function measure(
  path: string,
): Promise<{ readonly answered: number[]; readonly heard: number[] }> {
  const chain = createFakeChain(7, { maxLogs: 8 })
  await chain.mine(COMMITS + WARM_UP + FINALITY)
  const config = readConfig(path)
  const store = await openToWrite(config.byDefault.store)
  const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
  await appender.open()
  let number = -1
  const commit = async (): Promise<void> => {
    number++
    await appender.take([provenOf(chain.blocks[number] as (typeof chain.blocks)[number])])
    await appender.commit(refAt(chain, Math.max(number - FINALITY, -1)))
  }
  for (let each = 0; each < FINALITY; each++) await commit()
  await using api = await wire(config, { log: createLogger({ level: 'silent' }) })
  await using server = await startServer(api)
  const stop = new AbortController()
  const { told, isOpen } = await subscribe(server.url, stop.signal)
  for (let each = 0; each < WARM_UP && !isOpen(); each++) {
    await commit()
    await sleep(10 * PAUSE_MS)
  }
  const answered: number[] = []
  const heard: number[] = []
  for (let each = 0; each < COMMITS; each++) {
    await sleep(PAUSE_MS)
    await commit()
    const committedAt = performance.now()
    // Each commit makes one more block final, which every subscriber is told.
    const hears = told(number - FINALITY).then((at) => heard.push(Math.max(0, at - committedAt)))
    const answer = (await (await fetch(`${server.url}/v1/pools?limit=1`)).json()) as {
      readonly block: { readonly number: number }
    }
    if (answer.block.number !== number) throw new Error(`block ${number} is not answered yet`)
    answered.push(performance.now() - committedAt)
    await hears
  }
  stop.abort()
  await store.close()
  return { answered, heard }
}

/** `told` resolves to when a block was told to be final, or a later one; `isOpen` once anything was told. */
async function subscribe(url: string, signal: AbortSignal) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: QUERY }),
    signal,
  })
  let newest = { number: -1, at: 0 }
  let wake: () => void = () => undefined
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const part of response.body ?? []) {
      for (const [, number] of decoder.decode(part).matchAll(/"finalized":\{"number":(\d+)\}/g))
        newest = { number: Number(number), at: performance.now() }
      wake()
    }
  }
  read().catch(() => undefined)
  async function told(number: number): Promise<number> {
    while (newest.number < number)
      // oxlint-disable-next-line no-await-in-loop -- until it is told
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return newest.at
  }
  return { told, isOpen: () => newest.number >= 0 }
}
