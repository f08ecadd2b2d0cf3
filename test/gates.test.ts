import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/**
 * A fence is only as good as its mutation test: each rule of the house is broken once, in a copy of the configuration,
 * and its gate must say so.
 */
const root = join(import.meta.dirname, '..')
let house: string

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'halyard-gates-'))
  for (const file of [
    '.oxlintrc.json',
    'tsconfig.json',
    'core/tsconfig.json',
    'package.json',
    'knip.json',
  ])
    cpSync(join(root, file), join(house, file), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
  writeFileSync(join(house, '.gitignore'), 'node_modules\n')
})
afterAll(() => rmSync(house, { recursive: true }))

type Outcome = { readonly passed: boolean; readonly output: string }

function runGate(tool: string, args: readonly string[]): Outcome {
  try {
    const bin = join(root, 'node_modules/.bin', tool)
    const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` }
    const output = execFileSync(bin, args, { cwd: house, env, encoding: 'utf8', stdio: 'pipe' })
    return { passed: true, output }
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return { passed: false, output: `${stdout}${stderr}` }
  }
}

/** Runs a gate on a house that has just these files. */
function judge(files: Readonly<Record<string, string>>, gate: () => Outcome): Outcome {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true })
    writeFileSync(join(house, path), text)
  }
  try {
    return gate()
  } finally {
    for (const path of Object.keys(files)) rmSync(join(house, path))
  }
}

const lint = (): Outcome => runGate('oxlint', ['--type-aware', '--deny-warnings'])
const innocent = { 'core/part.ts': 'export const part = 1\n' }

describe('the fence of imports', () => {
  test('lets the allowed directions through', () => {
    const allowed = judge(
      {
        ...innocent,
        'core/dex/whole.ts': "import { part } from '#core/part.ts'\nexport const whole = part\n",
        'adapters/mongo/store.ts':
          "import type { Db } from 'mongodb'\nimport { part } from '#core/part.ts'\nexport const store = (db: Db) => [db, part]\n",
        'wiring/open-store.ts':
          "import { existsSync } from 'node:fs'\nimport { part } from '#core/part.ts'\nexport const open = async () => [existsSync('x'), part, await import('#adapters/mongo/store.ts')]\n",
        'faces/listen.ts':
          "import { createServer } from 'node:http'\nimport { part } from '#core/part.ts'\nexport const listen = [createServer, part]\n",
        'apps/api/http/pools.ts':
          "import { Router } from 'express'\nimport { part } from '#core/part.ts'\nimport { listen } from '#faces/listen.ts'\nimport { open } from '#wiring/open-store.ts'\nimport { near } from './near.ts'\nexport const pools = [Router, part, listen, open, near]\n",
        'apps/api/http/near.ts': 'export const near = 1\n',
        'apps/api/far.ts':
          "import { pipeline } from 'node:stream/promises'\nimport { near } from '#api/http/near.ts'\nexport const far = [pipeline, near]\n",
      },
      lint,
    )
    expect(allowed).toMatchObject({ passed: true })
  }, 30_000)

  const forbidden: [string, string, string][] = [
    ['core imports Node', 'core/bad.ts', "import { readFileSync } from 'node:fs'"],
    ['core imports a package', 'core/dex/bad.ts', "import { keccak256 } from 'viem'"],
    ['core imports a type of a package', 'core/bad.ts', "import type { Db } from 'mongodb'"],
    ['core imports an adapter', 'core/bad.ts', "import { x } from '#adapters/rpc/rpc.ts'"],
    ['core imports an app', 'core/bad.ts', "import { x } from '#api/wire.ts'"],
    ['core imports a resource', 'core/bad.ts', "import { x } from '#resources/pools.ts'"],
    ['a resource imports a package', 'resources/bad.ts', "import { z } from 'zod'"],
    ['a resource imports an app', 'resources/bad.ts', "import { x } from '#api/wire.ts'"],
    [
      'an adapter imports a resource',
      'adapters/rpc/bad.ts',
      "import { x } from '#resources/pools.ts'",
    ],
    ['core reaches upwards', 'core/dex/bad.ts', "import { x } from '../part.ts'"],
    ['core imports dynamically', 'core/bad.ts', "export const x = await import('viem')"],
    [
      'an adapter imports another',
      'adapters/rpc/bad.ts',
      "import { x } from '#adapters/mongo/store.ts'",
    ],
    [
      'an adapter reaches into another',
      'adapters/rpc/bad.ts',
      "import { x } from '../mongo/store.ts'",
    ],
    ['an adapter imports another’s package', 'adapters/rpc/bad.ts', "import { Db } from 'mongodb'"],
    ['an adapter imports an app', 'adapters/rpc/bad.ts', "import { x } from '#cli/wire.ts'"],
    [
      'a new adapter imports a package unannounced',
      'adapters/new/bad.ts',
      "import { x } from 'viem'",
    ],
    ['core imports the wiring', 'core/bad.ts', "import { x } from '#wiring/open-node.ts'"],
    ['core imports a face', 'core/bad.ts', "import { x } from '#faces/exit-code.ts'"],
    ['an adapter imports the wiring', 'adapters/rpc/bad.ts', "import { x } from '#wiring/node.ts'"],
    ['an adapter imports a face', 'adapters/rpc/bad.ts', "import { x } from '#faces/exit-code.ts'"],
    ['the wiring imports a package', 'wiring/bad.ts', "import { Db } from 'mongodb'"],
    ['the wiring imports an app', 'wiring/bad.ts', "import { x } from '#api/config.ts'"],
    ['the wiring imports a face', 'wiring/bad.ts', "import { x } from '#faces/exit-code.ts'"],
    [
      'the wiring reaches into an adapter',
      'wiring/bad.ts',
      "import { x } from '../adapters/env/e.ts'",
    ],
    [
      'a face imports an adapter',
      'faces/bad.ts',
      "import { x } from '#adapters/env/environment.ts'",
    ],
    ['a face imports the wiring', 'faces/bad.ts', "import { x } from '#wiring/node.ts'"],
    ['a face imports an app', 'faces/bad.ts', "import { x } from '#api/config.ts'"],
    ['a face imports a package unannounced', 'faces/bad.ts', "import { x } from 'express'"],
    ['a face opens a database', 'faces/bad.ts', "import { DatabaseSync } from 'node:sqlite'"],
    ['an app imports an adapter', 'apps/api/bad.ts', "import { x } from '#adapters/env/e.ts'"],
    [
      'an app imports the type of an adapter',
      'apps/indexer/bad.ts',
      "import type { Metrics } from '#adapters/metrics/metrics.ts'",
    ],
    [
      'an app imports an adapter when it runs',
      'apps/cli/bad.ts',
      "export const x = await import('#adapters/rpc/rpc.ts')",
    ],
    [
      'an app hands an adapter on',
      'apps/devnet/bad.ts',
      "export { systemClock } from '#adapters/node/clock.ts'",
    ],
    ['an app imports a driver', 'apps/cli/bad.ts', "import { MongoClient } from 'mongodb'"],
    ['an app imports the type of a driver', 'apps/api/bad.ts', "import type { Db } from 'mongodb'"],
    ['an app imports an HTTP client', 'apps/api/bad.ts', "import { request } from 'undici'"],
    [
      'an app opens a database',
      'apps/indexer/bad.ts',
      "import { DatabaseSync } from 'node:sqlite'",
    ],
    ['an app logs by itself', 'apps/indexer/bad.ts', "import { pino } from 'pino'"],
    ['the API talks to a chain by itself', 'apps/api/bad.ts', "import { http } from 'viem'"],
    [
      'a new app imports an adapter',
      'apps/worker/bad.ts',
      "import { x } from '#adapters/env/e.ts'",
    ],
    ['a new app imports another', 'apps/worker/bad.ts', "import { x } from '#cli/wire.ts'"],
    ['an app imports another', 'apps/api/bad.ts', "import { x } from '#cli/wire.ts'"],
    ['the indexer imports the API', 'apps/indexer/bad.ts', "import { x } from '#api/wire.ts'"],
    [
      'the CLI imports the local chain',
      'apps/cli/bad.ts',
      "import { x } from '#devnet/run-devnet.ts'",
    ],
    ['the local chain imports the CLI', 'apps/devnet/bad.ts', "import { x } from '#cli/wire.ts'"],
    ['an app reaches into another', 'apps/api/bad.ts', "import { x } from '../cli/wire.ts'"],
    [
      'an app reaches into an adapter',
      'apps/api/bad.ts',
      "import { x } from '../../adapters/e.ts'",
    ],
    ['an app reaches upwards', 'apps/api/http/bad.ts', "import { x } from '../wire.ts'"],
    [
      'anybody but one file reads the environment',
      'apps/api/bad.ts',
      'export const x = process.env.X',
    ],
    ['a promise is left floating', 'apps/api/bad.ts', 'Promise.resolve(1).then(String)'],
  ]
  // All of them in one run, each in a file of its own.
  const planted = forbidden.map(([what, path, line], index) => {
    const file = path.replace('bad.ts', `bad-${index}.ts`)
    const used = line.startsWith('import type')
      ? `export type Used = ${nameIn(line)}\n`
      : line.startsWith('import ')
        ? `export const used = [${nameIn(line)}]\n`
        : ''
    return { what, file, text: `${line}\n${used}` }
  })
  let verdict: Outcome
  beforeAll(() => {
    const files = planted.map(({ file, text }) => [file, text] as const)
    verdict = judge({ ...innocent, ...Object.fromEntries(files) }, () =>
      runGate('oxlint', ['--type-aware', '--deny-warnings', '--format', 'unix']),
    )
  }, 60_000)

  test.each(planted)('fails when $what', ({ file }) => {
    expect(verdict.passed).toBe(false)
    const faults = verdict.output.split('\n').filter((line) => line.includes(file))
    expect(faults.join('\n')).toMatch(/no-restricted-imports|no-process-env|no-floating-promises/)
  })

  test('fails when imports go round in a circle', () => {
    const circle = judge(
      {
        'core/one.ts': "import { two } from './two.ts'\nexport const one = () => two\n",
        'core/two.ts': "import { one } from './one.ts'\nexport const two = () => one\n",
      },
      lint,
    )
    expect(circle.passed).toBe(false)
    expect(circle.output).toContain('no-cycle')
  }, 30_000)
})

describe('the types of core', () => {
  const check = (): Outcome => runGate('tsc', ['-p', 'core'])

  test('know nothing of where they run', () => {
    expect(judge(innocent, check)).toMatchObject({ passed: true })
    for (const line of [
      'process.cwd()',
      "console.log('x')",
      'setTimeout(() => {}, 1)',
      "fetch('x')",
    ]) {
      const verdict = judge({ 'core/bad.ts': `export const bad = ${line}\n` }, check)
      expect(verdict.passed, line).toBe(false)
      expect(verdict.output).toContain('core/bad.ts'.slice(5))
    }
  }, 60_000)

  test('allow only what Node can strip', () => {
    for (const text of [
      'export enum Colour { Red }\n',
      'export class Box { constructor(private readonly x: number) {} }\n',
      'export namespace Inner { export const x = 1 }\n',
    ])
      expect(judge({ 'core/bad.ts': text }, check).passed, text).toBe(false)
  }, 60_000)
})

describe('the search for dead code', () => {
  const files = {
    ...innocent,
    'apps/api/main.ts': "import { part } from '#core/part.ts'\nexport const main = part\n",
    'test/part.test.ts': "import { part } from '#core/part.ts'\nexport const tested = part\n",
  }
  // Just files: this house uses no package.
  const search = (...flags: string[]): Outcome => runGate('knip', [...flags, '--include', 'files'])

  test('lets what a program uses be', () => {
    expect(judge(files, () => search('--production'))).toMatchObject({ passed: true })
  }, 30_000)

  test('finds a file that nothing uses', () => {
    const lost = { ...files, 'core/lost.ts': 'export const lost = 1\n' }
    const verdict = judge(lost, () => search())
    expect(verdict.passed).toBe(false)
    expect(verdict.output).toContain('core/lost.ts')
  }, 30_000)

  test('finds a file that only tests use', () => {
    const tested = {
      ...files,
      'core/lost.ts': 'export const lost = 1\n',
      'test/lost.test.ts': "import { lost } from '#core/lost.ts'\nexport const found = lost\n",
    }
    expect(judge(tested, () => search())).toMatchObject({ passed: true })
    const verdict = judge(tested, () => search('--production'))
    expect(verdict.passed).toBe(false)
    expect(verdict.output).toContain('core/lost.ts')
  }, 30_000)
})

const nameIn = (line: string): string => /\{ (\w+) \}/.exec(line)?.[1] ?? 'x'
