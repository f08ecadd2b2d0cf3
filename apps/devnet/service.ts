import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeArguments } from '#faces/node-arguments.ts'
import { stopWithParent } from './guard.ts'

/** One of Halyard's own processes, run beside this one. */
export type Service = {
  readonly name: string
  readonly pid: number
  /** Where its output goes. */
  readonly logPath: string
  /** Resolves when the process has ended, with a line that says how. */
  readonly exited: Promise<string>
  stop(): Promise<void>
}

const STOP_TIMEOUT_MS = 15_000
const TAIL_LINES = 12

/** What each is started with. */
const PROGRAMS = {
  api: ['api'],
  indexer: ['indexer'],
  relay: ['cli', 'relay'],
} as const

/** Starts `apps/<name>/main.ts`, or a command of `apps/cli`, on the same Node as this one. */
export function startService(
  name: keyof typeof PROGRAMS,
  configPath: string,
  logPath: string,
): Service {
  const [app, ...words] = PROGRAMS[name]
  const main = fileURLToPath(new URL(`../${app}/main.ts`, import.meta.url))
  const log = openSync(logPath, 'w')
  const args = [...nodeArguments, main, ...words, '--config', configPath]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', log, log],
    // Out of the terminal's process group: Ctrl-C is for this process, which stops the others in their order.
    detached: process.platform !== 'win32',
  })
  closeSync(log)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) =>
      resolve(signal ? `ended by ${signal}` : `exit code ${code}`),
    )
  })
  stopWithParent(child, exited)
  return {
    name,
    // Node itself, which runs this: it can be started.
    pid: child.pid as number,
    logPath,
    exited,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    },
  }
}

/** The last lines of a service's output. */
export const tailOf = ({ logPath }: Service): string =>
  readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
