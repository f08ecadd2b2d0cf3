import { type Command, CommanderError } from 'commander'
import { AppError, isAppError } from '#core/errors.ts'
import { configuredSections, exitCodeOf, exitCodes, explain } from './exit-code.ts'
import { forgiveClosedPipe } from './run-program.ts'

/**
 * Runs what the command line names, and makes an exit code of its end. A mistake in the command line is
 * `exitCodes.usage`, wherever it is found. With `--json` a failure is a line of JSON on stdout too, so that a program
 * that reads JSON gets JSON in every case.
 *
 * @param args as they follow the program's name
 */
export async function runCommand(
  program: Command,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  forgiveClosedPipe()
  overrideExit(program)
  let ran: Command | undefined
  program.hook('preAction', (_program, command) => {
    ran = command
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
      if (error.exitCode !== 0) tellProgram(args, error.message.replace(/^error: /, ''))
      return
    }
    const named = ran ? nameOption(ran, error) : error
    process.stderr.write(`${explain('halyard', named)}\n`)
    process.exitCode = exitCodeOf(named)
    tellProgram(args, isAppError(named) ? named.message : 'a bug: see stderr')
  }
}

function tellProgram(args: readonly string[], message: string): void {
  if (!args.includes('--json')) return
  process.stdout.write(
    `${JSON.stringify({ status: 'failed', exitCode: process.exitCode, message })}\n`,
  )
}

/** A failure that names a field as core does, in the words of the command line: `ranges` is `--ranges` there. */
function nameOption(command: Command, error: unknown): unknown {
  if (!isAppError(error)) return error
  const { field = '' } = error.details
  const option = command.options.find((each) => each.attributeName() === field)
  if (!option?.long || configuredSections.has(field)) return error
  if (!error.message.startsWith(`${field}: `)) return error
  return new AppError(error.kind, `${option.long}${error.message.slice(field.length)}`, {
    details: { ...error.details, field: option.long },
    audience: error.audience,
    cause: error,
  })
}

/** Commander would end the process by itself. */
function overrideExit(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) overrideExit(child)
}
