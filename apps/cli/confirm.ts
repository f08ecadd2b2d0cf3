import { createInterface } from 'node:readline/promises'
import { invalidField } from '#core/errors.ts'

/**
 * Asks whether something is to be done that cannot be undone.
 *
 * @param isYes whether the command line says so already
 * @throws AppError `invalid` where nobody can be asked
 */
export async function confirm(question: string, isYes: boolean): Promise<boolean> {
  if (isYes) return true
  if (!process.stdin.isTTY)
    throw invalidField(
      '--yes',
      'nobody can be asked here; give --yes to do it, or --dry-run to look',
    )
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
