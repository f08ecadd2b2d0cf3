import { type Command, CommanderError } from 'commander'
import { exitCodes } from './exit-code.ts'
import { runProgram } from './run-program.ts'

/** Runs what the command line names. A mistake in the command line is `exitCodes.usage`, wherever it is found. */
export async function runCommand(program: Command): Promise<void> {
  overrideExit(program)
  await runProgram('halyard', async () => {
    try {
      await program.parseAsync()
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    }
  })
}

/** Commander would end the process by itself. */
function overrideExit(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) overrideExit(child)
}
