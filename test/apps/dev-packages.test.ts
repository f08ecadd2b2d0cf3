import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../servers/programs.ts'

const ROOT = join(import.meta.dirname, '../..')
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>
}

/** Runs a program where no development package can be loaded, as after `npm ci --omit=dev`. */
function runWithout(...args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const hide = pathToFileURL(join(import.meta.dirname, '../wiring/hide-package.ts')).href
  const env = {
    ...process.env,
    // What the program starts is without them too.
    NODE_OPTIONS: `--import ${hide}`,
    HIDDEN_PACKAGES: Object.keys(devDependencies).join(','),
  }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...args], { cwd: ROOT, env }, (_, __, stderr) =>
      resolve({ code: child.exitCode ?? -1, stderr }),
    )
  })
}

test.each([
  ['halyard dev', ['apps/cli/main.ts', 'dev']],
  ['npm start', ['apps/devnet/main.ts']],
])(
  '%s says how to install what it needs where development packages were left out',
  async (_, app) => {
    const folder = temporaryFolder('dev-packages')
    const { code, stderr } = await runWithout(...app, '--folder', folder.path)
    expect(stderr).toBe(
      'halyard: the local chain needs the development packages, which are not installed; install them with: npm ci --include=dev\n',
    )
    expect(code).toBe(69)
    expect(existsSync(join(folder.path, 'processes'))).toBe(false)
    folder.remove()
  },
)

test.each([
  [['apps/cli/main.ts', 'config', 'schema']],
  [['apps/cli/main.ts', 'dev', '--help']],
  [['apps/api/main.ts', '--help']],
  [['apps/indexer/main.ts', '--help']],
])('%j does without development packages', async (app) => {
  expect(await runWithout(...app)).toEqual({ code: 0, stderr: '' })
})
