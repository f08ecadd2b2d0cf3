import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { environment } from '#adapters/env/environment.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A machine that runs everything at once takes its time. */
const SAID_TIMEOUT_MS = 30_000

/** A program of this project that runs as a process of its own. */
export type App = {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves when it has printed that; rejects when it ends before. */
  said(pattern: RegExp): Promise<void>
  /** The exit code, or the signal that it ended by. */
  readonly end: Promise<number | string>
}

/** Starts it in a process group of its own, as a shell does: a negative process number reaches all of the group. */
export function spawnApp(command: string, ...args: readonly string[]): App {
  const child = spawn(command, args, {
    cwd: ROOT,
    detached: true,
    env: { ...environment, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // Not `exit`: its last words are read by then.
  const end = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    async said(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const fail = (why: string): void =>
        reject(new Error(`${why} before it said ${String(pattern)}:\n${stdout}\n${stderr}`))
      const look = (): void => {
        if (pattern.test(stdout)) resolve()
      }
      child.stdout.on('data', look)
      look()
      void end.then((how) => fail(`it ended (${how})`))
      const timer = setTimeout(() => fail('time ran out'), SAID_TIMEOUT_MS)
      await promise.finally(() => {
        clearTimeout(timer)
        child.stdout.off('data', look)
      })
    },
    end,
  }
}

export const spawnNode = (...args: readonly string[]): App => spawnApp(process.execPath, ...args)

/** The command lines of all processes on this machine, by process number. */
export function allProcesses(): Map<number, string> {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,args=', '-ww'], { encoding: 'utf8' })
  return new Map(
    lines.split('\n').flatMap((line) => {
      const match = /^\s*(\d+)\s+(.*)$/.exec(line)
      return match ? [[Number(match[1]), match[2] as string]] : []
    }),
  )
}
