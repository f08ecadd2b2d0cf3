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
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'core/tsconfig.json', 'package.json'])
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
    const verdict = judge(
      {
        ...innocent,
        'core/dex/whole.ts': "import { part } from '#core/part.ts'\nexport const whole = part\n",
        'adapters/mongo/store.ts':
          "import type { Db } from 'mongodb'\nimport { part } from '#core/part.ts'\nexport const store = (db: Db) => [db, part]\n",
        'apps/api/http/pools.ts':
          "import { store } from '#adapters/mongo/store.ts'\nimport { near } from './near.ts'\nexport const pools = [store, near]\n",
        'apps/api/http/near.ts': 'export const near = 1\n',
      },
      lint,
    )
    expect(verdict).toMatchObject({ passed: true })
  }, 30_000)

  const forbidden: [string, string, string][] = [
    ['core imports Node', 'core/bad.ts', "import { readFileSync } from 'node:fs'"],
    ['core imports a package', 'core/dex/bad.ts', "import { keccak256 } from 'viem'"],
    ['core imports a type of a package', 'core/bad.ts', "import type { Db } from 'mongodb'"],
    ['core imports an adapter', 'core/bad.ts', "import { x } from '#adapters/rpc/rpc.ts'"],
    ['core imports an app', 'core/bad.ts', "import { x } from '#api/wire.ts'"],
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
    ['an app imports another', 'apps/api/bad.ts', "import { x } from '#cli/wire.ts'"],
    [
      'the CLI imports the local chain',
      'apps/cli/bad.ts',
      "import { x } from '#devnet/run-devnet.ts'",
    ],
    ['the local chain imports the CLI', 'apps/devnet/bad.ts', "import { x } from '#cli/wire.ts'"],
    ['an app reaches into another', 'apps/api/bad.ts', "import { x } from '../cli/wire.ts'"],
    ['an app reaches upwards', 'apps/api/http/bad.ts', "import { x } from '../wire.ts'"],
    [
      'anybody but one file reads the environment',
      'apps/api/bad.ts',
      'export const x = process.env.X',
    ],
    ['a promise is left floating', 'apps/api/bad.ts', 'Promise.resolve(1).then(String)'],
  ]
  test.each(forbidden)(
    'fails when %s',
    (_, path, line) => {
      const source = line.startsWith('import ')
        ? `${line}\nexport const used = [${nameIn(line)}]\n`
        : `${line}\n`
      const text = line.startsWith('import type')
        ? `${line}\nexport type Used = ${nameIn(line)}\n`
        : source
      const verdict = judge({ ...innocent, [path]: text }, lint)
      expect(verdict.passed).toBe(false)
      expect(verdict.output).toContain(path)
      expect(verdict.output).toMatch(/no-restricted-imports|no-process-env|no-floating-promises/)
    },
    30_000,
  )

  test('fails when imports go round in a circle', () => {
    const verdict = judge(
      {
        'core/one.ts': "import { two } from './two.ts'\nexport const one = () => two\n",
        'core/two.ts': "import { one } from './one.ts'\nexport const two = () => one\n",
      },
      lint,
    )
    expect(verdict.passed).toBe(false)
    expect(verdict.output).toContain('no-cycle')
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

const nameIn = (line: string): string => /\{ (\w+) \}/.exec(line)?.[1] ?? 'x'
