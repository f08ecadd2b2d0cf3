import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export type CliResult = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `halyard` as an operator's shell would. */
export function spawnCli(args: readonly string[]): {
  readonly child: ChildProcess
  readonly done: Promise<CliResult>
} {
  const child = spawn(process.execPath, [join(ROOT, 'apps/cli/main.ts'), ...args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, done }
}

export const runCli = (...args: readonly string[]): Promise<CliResult> => spawnCli(args).done

/** The report that `--json` prints as its last line. */
export const reportOf = ({ stdout }: CliResult): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
