import { parseArgs } from 'node:util'
import { AppError, messageOf } from '#core/errors.ts'
import { endAtStrayErrors, forgiveClosedPipe, runProgram } from './run-program.ts'

type ServiceOptions = {
  /** Whether `--chain` chooses some of the chains of the file. */
  readonly isOfChains?: boolean
}

/**
 * Runs a service to its end, or prints its help.
 *
 * @param name how the program calls itself in its messages
 * @param help what `--help` prints, also told to whoever mistook an option
 * @param serve is given the path of the configuration file, and the chains that `--chain` names
 */
export async function runService(
  name: string,
  help: string,
  serve: (config: string, chains: readonly string[]) => Promise<void>,
  { isOfChains = false }: ServiceOptions = {},
): Promise<void> {
  endAtStrayErrors(name)
  await runProgram(name, async () => {
    const options = readOptions(help, isOfChains)
    if (!options.help) return serve(options.config, options.chain ?? [])
    forgiveClosedPipe()
    process.stdout.write(help)
  })
}

/** What a command line says. */
type Read = {
  readonly config: string
  readonly help: boolean
  readonly chain?: readonly string[] | undefined
}

/** @throws AppError `invalid` that names what is wrong with the command line */
function readOptions(help: string, isOfChains: boolean): Read {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: 'halyard.json' },
        help: { type: 'boolean', short: 'h', default: false },
        ...(isOfChains && { chain: { type: 'string', multiple: true } }),
      },
    })
    return values as unknown as Read
  } catch (cause) {
    throw new AppError('invalid', `${messageOf(cause)}\n\n${help.trimEnd()}`, { cause })
  }
}
