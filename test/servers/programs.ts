import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { environment } from '#adapters/env/environment.ts'

/*
 * How suites find and start programs that npm does not bring: databases, browsers, tools. A file beside this one a
 * program: `openX()` gives the program, or undefined where it cannot be had, said by `missing`.
 */

/** How long a program may take until it is ready. */
const START_TIMEOUT_MS = 30_000
/** How long a program may take to end by itself. */
const STOP_TIMEOUT_MS = 5_000

/** The path of an executable, or undefined where the PATH has none of that name. */
export const findProgram = (name: string): string | undefined =>
  (environment.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Says once, loudly, which suites will not run and why; a failure where HALYARD_REQUIRE_SERVERS=1 asks for all. */
export function missing(what: string, remedy: string): undefined {
  if (environment.HALYARD_REQUIRE_SERVERS === '1')
    throw new Error(
      `${what} cannot run: ${remedy} (HALYARD_REQUIRE_SERVERS=1 forbids to skip them)`,
    )
  announce(`SKIPPED: ${what}: ${remedy}`)
  return undefined
}

/** Says which program a suite uses. */
export const announce = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** A TCP port that nobody listens on now. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}

export type Folder = { readonly path: string; remove(): void }

export function temporaryFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `halyard-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export type Running = {
  stop(): Promise<void>
  /** Ends it at once, as a crash does: it has no time to write anything. */
  kill(): Promise<void>
}

/**
 * Runs a program until it ends or standard input does: a pipe from the suite's process, which the system closes however
 * that one dies. So no server is left behind.
 */
const UNTIL_STDIN_ENDS =
  'exec 3<&0; "$0" "$@" 3<&- & pid=$!; (cat <&3 >/dev/null; kill "$pid") 2>/dev/null & wait "$pid"'

/**
 * Starts a program and waits until `isReady` says so of what it has printed, asked again with every piece of output.
 * It ends with the suite at the latest.
 */
export async function startProgram(
  path: string,
  args: readonly string[],
  isReady: (output: string) => boolean,
): Promise<Running> {
  // In a process group of its own, so that what does not end by itself is killed with all that it started.
  const child = spawn('/bin/sh', ['-c', UNTIL_STDIN_ENDS, path, ...args], { detached: true })
  child.stdin.on('error', () => {})
  const ended = endOf(child)
  const stop = async (): Promise<void> => {
    child.stdin.end()
    const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
  try {
    await readiness(child, isReady, path)
  } catch (error) {
    await stop()
    throw error
  }
  const kill = async (): Promise<void> => {
    process.kill(-(child.pid as number), 'SIGKILL')
    await ended
  }
  return { stop, kill }
}

function endOf(child: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  child.once('error', () => resolve())
  return promise
}

function readiness(
  child: ChildProcess,
  isReady: (output: string) => boolean,
  path: string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let output = ''
  const fail = (why: string): void =>
    reject(new Error(`${path} ${why}; it printed:\n${output.slice(-2_000)}`))
  const timer = setTimeout(() => fail('was not ready in time'), START_TIMEOUT_MS)
  const listen = (chunk: Buffer): void => {
    output += chunk.toString()
    if (isReady(output)) resolve()
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  child.once('error', (error) => fail(error.message))
  child.once('exit', (code) => fail(`ended with code ${code}`))
  return promise.finally(() => {
    clearTimeout(timer)
    // What it prints later is read on, or it would stop at a full pipe, and kept by nobody.
    for (const stream of [child.stdout, child.stderr]) stream?.off('data', listen).resume()
  })
}
