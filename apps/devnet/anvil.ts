import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { AppError, messageOf } from '#core/errors.ts'
import { stopWithParent } from './guard.ts'

export type AnvilOptions = {
  /** The program to run; undefined: the one that npm installed for this platform. */
  readonly binary?: string
  /**
   * Where the chain is kept from one run to the next; undefined: it is forgotten. Written when anvil ends, by whatever
   * but SIGKILL, which loses what the run added.
   */
  readonly statePath?: string
  /** Mine by the clock; undefined: only when told to, by `evm_mine`. */
  readonly blockTimeSeconds?: number
  /**
   * Transactions, receipts and logs of so many blocks; undefined: of all. A block of the simulation takes 100 kB in
   * memory and in the file. Headers are always kept.
   */
  readonly blocksKept?: number
  /** 0: a free one. */
  readonly port?: number
}

/** A running local chain. Disposing of it stops it. */
export type Anvil = AsyncDisposable & {
  readonly url: string
  readonly pid: number
  /** Resolves when the process has ended, whatever ended it, with a line that says how. */
  readonly exited: Promise<string>
  /** Saves the chain, where a file was named, and resolves once the process is gone. */
  stop(): Promise<void>
}

/** The id that development tools and wallets know as a local chain. */
export const DEVNET_CHAIN_ID = 31_337

/** Ten more than the simulation uses, so that a developer’s wallet has accounts of its own. */
const ACCOUNTS = 20
export const MNEMONIC = 'test test test test test test test test test test test junk'
const GENESIS_AGE_SECONDS = 60
/** A saved chain of a few hundred megabytes takes seconds to load, and as long to save. */
const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 120_000
const STDERR_CHARS_MAX = 4_000
/** Blocks at which contracts can be asked for their state: a few more than the 64 that it takes to be final. */
const STATES_KEPT = 80

/**
 * Starts a local chain and resolves when it answers. Its accounts are those of the mnemonic that every Ethereum
 * development tool uses.
 *
 * @throws AppError `unavailable` with what the program said, when it cannot be started
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { statePath, blockTimeSeconds, blocksKept, port = 0 } = options
  if (statePath) mkdirSync(dirname(statePath), { recursive: true })
  const args = [
    ['--port', port, '--chain-id', DEVNET_CHAIN_ID, '--accounts', ACCOUNTS, '--order', 'fifo'],
    ['--mnemonic', MNEMONIC],
    // Room for the blocks of the deployment before the present; a saved chain has a genesis block already.
    ['--timestamp', Math.floor(Date.now() / 1_000) - GENESIS_AGE_SECONDS],
    blockTimeSeconds === undefined ? ['--no-mining'] : ['--block-time', blockTimeSeconds],
    // Otherwise the state after each block goes to files in the home directory, and stays there: gigabytes an hour.
    ['--prune-history', STATES_KEPT],
    blocksKept === undefined ? [] : ['--transaction-block-keeper', blocksKept],
    statePath ? ['--state', statePath] : [],
  ]
  const child = spawn(options.binary ?? installedBinary(), args.flat().map(String), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Out of the terminal's process group: Ctrl-C is for the program that started it, which stops it last.
    detached: process.platform !== 'win32',
  })
  const exited = exitOf(child)
  stopWithParent(child, exited)

  async function stop(): Promise<void> {
    child.kill('SIGINT')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await exited
    clearTimeout(timer)
  }
  try {
    const url = await listening(child, exited)
    await quieten(url)
    return { url, pid: child.pid as number, exited, stop, [Symbol.asyncDispose]: stop }
  } catch (cause) {
    child.kill('SIGKILL')
    const remedy = statePath
      ? `; if ${statePath} is damaged, begin anew with: npm start -- --reset`
      : ''
    throw new AppError('unavailable', `anvil: it did not start: ${messageOf(cause)}${remedy}`, {
      cause,
    })
  }
}

/** The binary's package is a dependency of `@foundry-rs/anvil`, so it is resolved from there. */
function installedBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`
  try {
    const anvil = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
    return createRequire(anvil).resolve(`${name}/bin/${file}`)
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `anvil: the package ${name} is not installed; run npm install with optional dependencies, or name a binary`,
      { cause },
    )
  }
}

/** Not before its last words have been read. */
const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) =>
      resolve(signal ? `ended by ${signal}` : `exit code ${code}`),
    )
  })

/** The address that anvil prints: with port 0 nobody else knows it, and a stranger's node cannot answer for ours. */
function listening(child: ChildProcess, exited: Promise<string>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARS_MAX)
  })
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', function read(text: string) {
    stdout += text
    const match = /Listening on (\S+)\n/.exec(stdout)
    if (!match) return
    // Read on, or a full pipe would stop it.
    child.stdout?.off('data', read).resume()
    resolve(`http://${match[1]}`)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  void exited.then((how) => reject(new Error(`${how}, ${brief(stderr) || 'without a word'}`)))
  return promise.finally(() => clearTimeout(timer))
}

/** What does not parse is quoted in full, be it a contract. */
const brief = (text: string): string => text.trim().replaceAll(/(\S{40})\S{40,}/g, '$1...')

/** Logging off: anvil prints a line for each call that it answers. */
async function quieten(url: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] },
      { jsonrpc: '2.0', id: 2, method: 'anvil_setLoggingEnabled', params: [false] },
    ]),
  })
  const [chain] = (await response.json()) as [{ result?: string }]
  if (Number(chain.result) !== DEVNET_CHAIN_ID)
    throw new Error(`${url} answers as chain ${String(chain.result)}`)
}
