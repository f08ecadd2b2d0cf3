import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadSettings } from '#adapters/config-file/load.ts'
import { createLogger } from '#adapters/log/logger.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = (rpc: string, store: string, env: Record<string, string> = {}) => {
  const path = join(folder, 'halyard.json')
  const collection = { kind: 'erc721', address: `0x${'ab'.repeat(20)}` }
  writeFileSync(
    path,
    JSON.stringify({ chain: { id: 1, rpc: [rpc] }, store, sources: [collection] }),
  )
  return loadSettings(path, env)
}

describe('the secrets of a configuration', () => {
  test('are out of every log line, wherever they would come from', () => {
    const key = 'abcdef0123456789abcdef'
    const { secrets } = read(`https://rpc.example/v2/${key}`, '${STORE}', {
      STORE: 'mongodb://halyard:corr"ect@db.example/halyard',
    })
    let text = ''
    const log = createLogger({ secrets, destination: { write: (line) => void (text += line) } })
    log.error({ err: new Error(`https://rpc.example/v2/${key} failed`) }, `key ${key}`)
    log.warn({ reason: 'mongodb://halyard:corr"ect@db.example/halyard is away' }, 'halyard warns')
    expect(text).not.toContain(key)
    expect(text).not.toContain('corr')
    const levels = text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { level: string }).level)
    expect(levels).toEqual(['error', 'warn'])
    expect(text).toContain('halyard warns')
  })

  test('are found in a store of several hosts, as written and as meant', () => {
    const { secrets } = read('http://node:8545', 'mongodb://me:p%40ss@one:27017,two:27017/halyard')
    expect(secrets).toEqual(expect.arrayContaining(['p%40ss', 'p@ss']))
  })

  test('are none where no URL holds one', () => {
    expect(read('http://node:8545', 'sqlite:./halyard.db').secrets).toEqual([])
  })
})
