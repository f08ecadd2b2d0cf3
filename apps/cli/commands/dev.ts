import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { exitCodes } from '#faces/exit-code.ts'
import { nodeArguments } from '#faces/node-arguments.ts'

const MAIN = fileURLToPath(new URL('../../devnet/main.ts', import.meta.url))

/** Starts the app `devnet`, which reads the options itself, also `--help`. */
export const devCommand = (): Command =>
  new Command('dev')
    .summary('run everything on a local chain')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]', 'those of the local chain: halyard dev --help lists them')
    .action(run)

async function run(options: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...nodeArguments, MAIN, ...options], {
    // The channel closes when this process ends, even by SIGKILL, and tells the other to stop.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // A terminal sends its signals to both. One that comes to this process alone is passed on; twice does no harm.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? exitCodes.internal
}
