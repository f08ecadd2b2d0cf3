import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRedis } from '#adapters/redis/connection.ts'
import { createFakeChain, type FakeChain, fakeSources } from '../fakes/fake-chain.ts'
import { type FakeNode, startFakeNode } from '../fakes/fake-node.ts'
import { createRandom } from '../fakes/random.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'
import { hasRedis, startRedis } from '../servers/redis.ts'
import { type CliResult, reportOf, runCli, spawnCli } from './run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-share-'))
const BLOCKS = 240
let chain: FakeChain
let node: FakeNode
let digest: unknown
beforeAll(async () => {
  chain = createFakeChain(95, { maxLogs: 6 })
  await chain.mine(BLOCKS)
  node = await startFakeNode({ blocks: () => chain.blocks })
  const alone = await runCli('backfill', '--json', '--config', configOf('alone', { raw: 'off' }))
  digest = reportOf(alone).digest
}, 60_000)
const mongo = await openMongoServer()
afterAll(async () => {
  await node.close()
  await mongo?.stop()
  rmSync(folder, { recursive: true })
})

function configOf(name: string, more: object = {}): string {
  const path = join(folder, `${name}.json`)
  const sources = fakeSources.map((source) => {
    const { feePips, startBlock, ...rest } = source as { feePips?: number | null } & typeof source
    return {
      ...rest,
      ...(feePips && { feeBps: feePips / 100 }),
      ...(startBlock !== null && { startBlock }),
    }
  })
  const chainOfConfig = { id: 31_337, rpc: [node.url] }
  writeFileSync(
    path,
    JSON.stringify({ chain: chainOfConfig, store: `sqlite:${name}.db`, sources, ...more }),
  )
  return path
}

const share = (config: string) => spawnCli(['backfill', '--share', '--json', '--config', config])

describe('a backfill that processes share', () => {
  test('over one SQLite store ends in each with the digest of one alone', async () => {
    const config = configOf('sqlite', { workers: { rangeBlocks: 20 } })
    const all = await Promise.all([share(config).done, share(config).done])
    for (const result of all) {
      expect(result.code, result.stderr).toBe(0)
      expect(reportOf(result).digest).toBe(digest)
    }
    expect(all.map(({ stderr }) => stderr).join('')).toMatch(/ makes the history, and collects/)
    const { stdout } = await runCli('ranges', 'list', '--config', config)
    expect(stdout).toBe('no ranges are planned\n')
  }, 120_000)

  // What a process is killed at, and where, is up to the seed and to the machine: nothing may depend on it.
  test.skipIf(!mongo || !hasRedis)(
    'over MongoDB and Redis survives whatever is killed, paused and forgotten',
    async () => {
      const redis = await startRedis()
      const admin = await openRedis(redis.url, 'test')
      const random = createRandom(7)
      const config = configOf('mongo', {
        store: mongo?.url(freshDatabase()),
        workers: { rangeBlocks: 10, concurrency: 2, redis: redis.url },
      })
      // A node as far away as real ones, so that there is time for accidents.
      node.hooks = {
        call: async (_method, _params, answer) => {
          await wait(20)
          return answer()
        },
      }
      const worker = spawnCli(['work', '--config', config])
      let running = [share(config), share(config)]
      const ended: CliResult[] = []
      const watch = async (each: ReturnType<typeof share>): Promise<void> => {
        const result = await each.done
        if (result.code === 0) ended.push(result)
      }
      running.forEach((each) => void watch(each))
      try {
        for (let accident = 0; accident < 5 && ended.length === 0; accident++) {
          await wait(500 + random.int(1_000))
          const victim = random.pick(running)
          switch (random.int(3)) {
            case 0: {
              victim.child.kill('SIGKILL')
              running = running.filter((each) => each !== victim)
              const next = share(config)
              void watch(next)
              running.push(next)
              break
            }
            case 1: {
              victim.child.kill('SIGSTOP')
              await wait(400)
              victim.child.kill('SIGCONT')
              break
            }
            default:
              await admin.eval("return redis.call('FLUSHALL')", 0)
          }
        }
        for (const each of running) {
          const result = await each.done
          expect(result.code, result.stderr).toBe(0)
          expect(reportOf(result).digest).toBe(digest)
        }
        const { stdout } = await runCli('queue', 'list', '--json', '--config', config)
        expect(JSON.parse(stdout)).toMatchObject({ failed: 0 })
        expect((await runCli('queue', 'drain', '--config', config)).code).toBe(0)
      } finally {
        node.hooks = {}
        worker.child.kill('SIGTERM')
        for (const { child } of running) child.kill('SIGKILL')
        admin.disconnect()
        await redis.stop()
      }
      expect((await worker.done).code).toBe(130)
    },
    300_000,
  )

  test('says what is missing where it cannot be shared', async () => {
    const off = await runCli('backfill', '--share', '--config', configOf('off', { raw: 'off' }))
    expect(off.stderr).toMatch(/raw: it is off/)
    const queue = await runCli('queue', 'list', '--config', configOf('queue'))
    expect(queue.stderr).toMatch(/workers\.redis: it is not set/)
  }, 60_000)
})
