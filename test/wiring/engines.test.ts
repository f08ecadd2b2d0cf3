import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'

/** Programs are run where certain packages cannot be loaded: what they get done, they did without. */
const ROOT = join(import.meta.dirname, '../..')
const MONGODB = 'mongodb://127.0.0.1:1/halyard'
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-engines-'))
  openSqliteChainStore(join(folder, 'halyard.db')).close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function configFor(store: string): string {
  const path = join(folder, 'halyard.json')
  const file = {
    chain: { id: 31_337, rpc: ['http://127.0.0.1:1'] },
    store,
    sources: [{ kind: 'erc721', address: `0x${'aa'.repeat(20)}` }],
    indexer: { metricsPort: 0 },
    api: { port: 0, metricsPort: 0 },
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}

type Run = { readonly code: number; readonly text: string }

/** Runs a program without `packages`; one that serves is told to stop as soon as it says so. */
function run(packages: string, app: string, ...args: readonly string[]): Promise<Run> {
  const hide = join(import.meta.dirname, 'hide-package.ts')
  const program = join(ROOT, 'apps', app, 'main.ts')
  return new Promise((resolve) => {
    let text = ''
    const child = execFile(
      process.execPath,
      ['--import', hide, program, ...args],
      { cwd: ROOT, env: { ...process.env, HIDDEN_PACKAGES: packages } },
      () => resolve({ code: child.exitCode ?? -1, text }),
    )
    const hear = (part: string): void => {
      text += part
      if (/metrics listen/.test(text) && !child.killed) child.kill('SIGTERM')
    }
    child.stdout?.setEncoding('utf8').on('data', hear)
    child.stderr?.setEncoding('utf8').on('data', hear)
  })
}

test('a command on SQLite alone loads neither the driver of MongoDB nor a client of the chain', async () => {
  const config = configFor('sqlite:./halyard.db')
  const { code, text } = await run('mongodb,undici', 'cli', 'export', 'swaps', '--config', config)
  expect({ code, text }).toMatchObject({ text: expect.stringContaining('nothing is indexed') })
  expect(code).toBe(69)
})

test('the list of commands is printed without what serves, keeps logs or talks to a chain', async () => {
  const packages = 'mongodb,undici,viem,ethers,pino,prom-client,cockatiel,bullmq,express,graphql'
  const { code, text } = await run(packages, 'cli', '--help')
  expect(text).toContain('Commands:')
  expect(code).toBe(0)
})

test('a command that asks the chain does without the driver of MongoDB', async () => {
  const config = configFor('sqlite:./halyard.db')
  const { text } = await run('mongodb', 'cli', 'config', 'check', '--config', config)
  expect(text).toContain('holds nothing of this chain yet')
})

test.each(['api', 'indexer'])(
  'the %s over SQLite serves without the driver of MongoDB',
  async (app) => {
    const { code, text } = await run('mongodb', app, '--config', configFor('sqlite:./halyard.db'))
    expect(text).toContain('listen')
    expect(code).toBe(0)
  },
)

test('the hidden package is missed where the configuration names its engine', async () => {
  const { code, text } = await run(
    'mongodb',
    'cli',
    'export',
    'swaps',
    '--config',
    configFor(MONGODB),
  )
  expect(text).toContain('which is hidden')
  expect(code).toBe(70)
})
