import { runCommand } from '#faces/run-command.ts'
import { createProgram } from './program.ts'

// A reader such as `head` that has enough closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

await runCommand(await createProgram(process.argv[2]))
