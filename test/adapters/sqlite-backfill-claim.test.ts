import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { claimBackfill } from '#adapters/sqlite/backfill-claim.ts'
import { runCli } from '../apps/run-cli.ts'
import { fakeErc721 } from '../fakes/fake-chain.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-claim-'))
afterAll(() => rmSync(folder, { recursive: true }))

const CHAIN_ID = 31_337
const first = { pid: 17, nowMs: Date.UTC(2026, 0, 2, 3, 4, 5) }
const second = { pid: 18, nowMs: Date.UTC(2026, 0, 2, 4) }

test('a second backfill of a file is told at once who is at it and since when', () => {
  const path = join(folder, 'one.db')
  const claim = claimBackfill(path, CHAIN_ID, first)
  try {
    expect(() => claimBackfill(path, CHAIN_ID, second)).toThrow(
      /another backfill is at .*one\.db \(process 17, since 2026-01-02T03:04:05\.000Z\); wait for it, stop it, or run both with --share/,
    )
    expect(() => claimBackfill(path, CHAIN_ID, second)).toThrow(
      expect.objectContaining({ kind: 'conflict' }) as Error,
    )
    // Another file, or another chain, is another matter.
    claimBackfill(join(folder, 'two.db'), CHAIN_ID, second)[Symbol.dispose]()
    claimBackfill(path, CHAIN_ID + 1, second)[Symbol.dispose]()
  } finally {
    claim[Symbol.dispose]()
  }
  expect(existsSync(`${path}-backfill-${CHAIN_ID}`)).toBe(false)
  claimBackfill(path, CHAIN_ID, second)[Symbol.dispose]()
})

test('a backfill that was killed is at it no more', async () => {
  const path = join(folder, 'killed.db')
  const script = `const { claimBackfill } = await import('#adapters/sqlite/backfill-claim.ts')
    globalThis.claim = claimBackfill(process.argv[1], ${CHAIN_ID}, { pid: process.pid, nowMs: Date.now() })
    console.log('claimed')
    setInterval(() => undefined, 1_000)`
  const args = ['--input-type=module-typescript', '-e', script, path]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  expect(() => claimBackfill(path, CHAIN_ID, second)).toThrow(`process ${child.pid}`)
  child.kill('SIGKILL')
  await ended
  expect(existsSync(`${path}-backfill-${CHAIN_ID}`)).toBe(true)
  claimBackfill(path, CHAIN_ID, second)[Symbol.dispose]()
})

test('halyard backfill says so, before it asks the chain or writes anything', async () => {
  const path = join(folder, 'cli.db')
  const config = join(folder, 'cli.json')
  const settings = {
    chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9'] },
    store: `sqlite:${path}`,
    sources: [{ kind: 'erc721', address: fakeErc721 }],
  }
  writeFileSync(config, JSON.stringify(settings))
  using claim = claimBackfill(path, CHAIN_ID, first)
  const { code, stderr } = await runCli('backfill', '--config', config)
  expect(claim).toBeDefined()
  expect(stderr).toContain('another backfill is at')
  expect(stderr).toContain('process 17, since 2026-01-02T03:04:05.000Z')
  expect(code).not.toBe(0)
  expect(existsSync(path)).toBe(false)
})

test('where nothing can be written beside the file, the setting and the remedy are named', () => {
  expect(() => claimBackfill(join(folder, 'none', 'store.db'), CHAIN_ID, first)).toThrow(
    /^store: there is no folder .*none; make it, or name a file in another one$/,
  )
})
