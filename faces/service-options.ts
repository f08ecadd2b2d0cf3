import { parseArgs } from 'node:util'
import { AppError, messageOf } from '#core/errors.ts'

/** What every service takes on its command line. */
export type ServiceOptions = { readonly config: string; readonly help: boolean }

/**
 * @param help what `--help` prints, also told to whoever mistook an option
 * @throws AppError `invalid` that names what is wrong with the command line
 */
export function readServiceOptions(help: string): ServiceOptions {
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
