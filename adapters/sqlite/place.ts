import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '#core/errors.ts'

/** The setting that names a file: messages begin with it. */
export type FileField = 'store' | 'records' | 'raw'

/**
 * Refuses a path where no file can be made. Folders are not made: one that is not there is most likely misspelt.
 *
 * @throws AppError `invalid` that names the folder and the remedy
 */
export function refuseBadPlace(path: string, field: FileField): void {
  const refuse = (fault: string): never => {
    throw new AppError('invalid', `${field}: ${fault}`, { details: { field } })
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    refuse(`${path} is a folder; name a file in it`)
  const folder = dirname(path)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    refuse(`there is no folder ${folder}; make it, or name a file in another one`)
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    refuse(`nothing can be written in ${folder}; allow it, or name a file in another folder`)
  }
}
