import { exitCodeOf, exitCodes, explain } from './exit-code.ts'

/**
 * Runs a program to its end: what it throws is told on stderr and becomes the exit code.
 *
 * @param name how the program calls itself in its messages
 */
export async function runProgram(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    process.stderr.write(`${explain(name, error)}\n`)
    process.exitCode = exitCodeOf(error)
  }
}

/** A reader such as `head` that has enough closes the pipe: that is no failure. */
export function forgiveClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** For a server: an error that nobody waits for ends the process, since what it left undone is not known. */
export function endAtStrayErrors(name: string): void {
  process.once('uncaughtException', (error) => {
    process.stderr.write(`${explain(name, error)}\n`)
    process.exit(exitCodes.internal)
  })
}
