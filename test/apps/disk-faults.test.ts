import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { createViews } from '#core/history/view.ts'
import { modelOf, readEverything } from '../contracts/everything.ts'
import { eventually } from '../fakes/eventually.ts'
import { createFakeChain, type FakeChain } from '../fakes/fake-chain.ts'
import { type FakeNode, startFakeNode } from '../fakes/fake-node.ts'
import { findProgram, missing, temporaryFolder } from '../servers/programs.ts'
import { writeFakeConfig } from './fake-chain-config.ts'
import { type App, spawnApp, spawnNode } from './spawn-app.ts'

const CHAIN_ID = 31_337
/** Room for some blocks and no more. */
const TMPFS_KILOBYTES = 8_000
const MEGABYTE = 1024 * 1024

const folder = temporaryFolder('disk-faults')
const strace = findProgram('strace') ?? missing('faults of disks', 'apt-get install strace')
const canMount = mayMount()
const canAttach = strace !== undefined && (await mayAttach(strace))
let chain: FakeChain
let node: FakeNode
let started: App[] = []
beforeAll(() => {
  if (!canMount) missing('full disks', 'run as a user who may mount a tmpfs')
  if (strace && !canAttach) missing('disks that fail for a time', 'let strace attach to a process')
})
beforeEach(async () => {
  chain = createFakeChain(71, { maxLogs: 6 })
  await chain.mine(8)
  node = await startFakeNode({ blocks: () => chain.blocks })
})
afterEach(async () => {
  for (const { child, end } of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(-(child.pid as number), 'SIGKILL')
    await end
  }
  await node.close()
})
afterAll(() => folder.remove())

const SETTINGS = { indexer: { metricsPort: 0 }, raw: 'off' }
const configOf = (name: string, place = folder.path): string =>
  writeFakeConfig(place, node.url, name, {
    ...SETTINGS,
    chain: { id: CHAIN_ID, rpc: [node.url], poll: 20 },
  })

const start = (command: string, ...args: string[]): App => {
  const app = spawnApp(command, ...args)
  started.push(app)
  return app
}

const INDEXER = [process.execPath, 'apps/indexer/main.ts', '--config'] as const

/** Makes system calls fail, as strace's `inject` says: those of a program with its arguments, or of `-p` and a process. */
const startFaulty = (inject: string, ...of: string[]): App =>
  start(
    strace as string,
    '-f',
    '-qq',
    '--output=/dev/null',
    `--trace=${inject.split(':')[0]}`,
    `--inject=${inject}`,
    ...of,
  )

/** Asks an indexer that was started whether it is ready. */
async function probeOf(indexer: App) {
  await indexer.said(/health and metrics listen.*\n/)
  const { url } = JSON.parse(indexer.stdout().split('\n')[0] as string) as { url: string }
  const ready = async (): Promise<{ status: number; body: { reason?: string } }> => {
    const response = await fetch(`${url}/ready`)
    return { status: response.status, body: (await response.json()) as { reason?: string } }
  }
  return { url, ready }
}

test.skipIf(!strace).each([
  ['when it starts', 'fsync,fdatasync:error=EIO:when=1+'],
  ['in the middle', 'fsync,fdatasync:error=EIO:when=9'],
])(
  'an indexer whose disk fails to keep what was written, %s, ends at once and says so',
  async (name, inject) => {
    const config = configOf(`fsync-${inject.length}`)
    const indexer = startFaulty(inject, ...INDEXER, config)
    const mining = setInterval(() => void chain.mine(1), 30)
    const end = await indexer.end
    clearInterval(mining)
    expect([name, end, indexer.stderr()]).toEqual([
      name,
      69,
      expect.stringMatching(
        /the disk failed to keep what was written .*check the disk, then start again/,
      ),
    ])
    await expectWholeAfterRestart(config, join(folder.path, `fsync-${inject.length}.db`))
  },
)

test.skipIf(!canAttach).each([
  // As on a file system that the kernel has made read-only after an error.
  ['takes no writes', 'pwrite64:error=EROFS', 'the disk failed to read or write; check it'],
  ['cannot read', 'pread64:error=EIO', 'or the disk cannot read it'],
])(
  'an indexer whose disk %s for a time is not ready, and goes on by itself when that is over',
  async (_, inject, reason) => {
    const name = inject.replaceAll(/\W/g, '-')
    const config = configOf(name)
    const indexer = start(...INDEXER, config)
    const { url, ready } = await probeOf(indexer)
    await eventually(async () => expect((await ready()).status).toBe(200))
    const mining = setInterval(() => void chain.mine(1), 50)
    const fault = startFaulty(inject, '-p', String(indexer.child.pid))
    await eventually(async () =>
      expect(await ready()).toEqual({
        status: 503,
        body: { status: 'degraded', reason: expect.stringContaining(reason) },
      }),
    )
    expect((await fetch(`${url}/live`)).status).toBe(200)
    fault.child.kill('SIGINT')
    await fault.end
    clearInterval(mining)
    await eventually(async () => expect((await ready()).status).toBe(200))
    indexer.child.kill('SIGTERM')
    expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])
    await expectWholeAfterRestart(config, join(folder.path, `${name}.db`))
  },
)

test.skipIf(!canMount)(
  'an indexer whose disk is full is not ready, and goes on by itself when there is room',
  async () => {
    const place = join(folder.path, 'small')
    mkdirSync(place)
    expect(mounts('mount', '-t', 'tmpfs', '-o', `size=${TMPFS_KILOBYTES}k`, 'tmpfs', place)).toBe(
      true,
    )
    try {
      const config = configOf('full', place)
      const indexer = start(...INDEXER, config)
      const { url, ready } = await probeOf(indexer)
      await eventually(async () => expect((await ready()).status).toBe(200))
      // Takes all that is left.
      spawnSync('dd', ['if=/dev/zero', `of=${join(place, 'filler')}`, 'bs=4k'])
      await chain.mine(40)
      await eventually(async () =>
        expect(await ready()).toEqual({
          status: 503,
          body: {
            status: 'degraded',
            reason: expect.stringContaining('the disk is full; free some space'),
          },
        }),
      )
      expect((await fetch(`${url}/live`)).status).toBe(200)
      expect(mounts('mount', '-o', `remount,size=${64 * MEGABYTE}`, place)).toBe(true)
      rmSync(join(place, 'filler'))
      await eventually(async () => expect((await ready()).status).toBe(200))
      indexer.child.kill('SIGTERM')
      expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])
      await expectWholeAfterRestart(config, join(place, 'full.db'))
    } finally {
      for (const { child, end } of started.splice(0)) {
        if (child.exitCode === null) child.kill('SIGKILL')
        await end
      }
      mounts('umount', place)
    }
  },
  90_000,
)

/** Another indexer brings the store to the chain's head, and what it then holds is what the chain says. */
async function expectWholeAfterRestart(config: string, file: string): Promise<void> {
  const indexer = spawnNode('apps/indexer/main.ts', '--config', config)
  started.push(indexer)
  await indexer.said(/health and metrics listen/)
  const head = chain.blocks.length - 1
  await eventually(() => expect(numberIn(file)).resolves.toBe(head))
  indexer.child.kill('SIGTERM')
  expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])
  const store = openSqliteChainStore(file)
  const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
  const view = await history.views.current()
  expect(view && (await readEverything(history, view))).toEqual(modelOf(chain.blocks))
  store.close()
}

async function numberIn(file: string): Promise<number | undefined> {
  if (!existsSync(file)) return undefined
  const store = openSqliteChainStore(file)
  try {
    return (await store.heads.latest(CHAIN_ID))?.number
  } finally {
    store.close()
  }
}

/** A program that mounts file systems or unmounts them; both come with every Linux. */
function mounts(name: 'mount' | 'umount', ...args: string[]): boolean {
  const program = findProgram(name)
  return program !== undefined && spawnSync(program, args).status === 0
}

/** Whether this process may mount a file system, found out by doing it. */
function mayMount(): boolean {
  const place = join(folder.path, 'mount')
  mkdirSync(place)
  if (!mounts('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place)) return false
  mounts('umount', place)
  return true
}

/** Whether strace may follow a process that it has not started: not everywhere is it given to all users. */
async function mayAttach(program: string): Promise<boolean> {
  const sleeper = spawn('sleep', ['5'], { stdio: 'ignore' })
  const follower = spawn(program, ['-qq', '-p', String(sleeper.pid)], { stdio: 'ignore' })
  const code = new Promise<number | null>((resolve) => follower.on('exit', resolve))
  // It ends with the process, and with 1 where it may not follow it.
  setTimeout(() => sleeper.kill('SIGKILL'), 300)
  return (await code) !== 1
}
