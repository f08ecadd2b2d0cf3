import { parseArgs } from 'node:util'
import { AppError, messageOf } from '#core/errors.ts'
import { endAtStrayErrors, runProgram } from './run-program.ts'

/**
 * Runs a service to its end, or prints its help.
 *
 * @param name how the program calls itself in its messages
 * @param help what `--help` prints, also told to whoever mistook an option
 * @param serve is given the path of the configuration file
 */
export async function runService(
  name: string,
  help: string,
  serve: (config: string) => Promise<void>,
): Promise<void> {
  endAtStrayErrors(name)
  await runProgram(name, async () => {
    const options = readOptions(help)
    if (options.help) process.stdout.write(help)
    else await serve(options.config)
  })
}

/** @throws AppError `invalid` that names what is wrong with the command line */
function readOptions(help: string): { readonly config: string; readonly help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: 'halyard.json' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return values
  } catch (cause) {
    throw new AppError('invalid', `${messageOf(cause)}\n\n${help.trimEnd()}`, { cause })
  }
}
