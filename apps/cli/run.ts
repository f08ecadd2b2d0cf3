import { runCommand } from '#faces/run-command.ts'
import { createProgram } from './program.ts'

await runCommand(await createProgram(process.argv[2]))
