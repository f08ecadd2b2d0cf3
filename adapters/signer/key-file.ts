import { readFileSync, statSync } from 'node:fs'
import type { Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'

/** Readable, writable or executable by anybody but the owner. */
const OF_OTHERS = 0o077

/**
 * The key in a file: 32 bytes as hex digits, with or without 0x. It is in no message, whatever is wrong with it.
 *
 * @throws AppError `invalid` where the file cannot be read, holds something else, or can be read by others
 */
export function readKeyFile(path: string): Hex {
  const refuse = (why: string, cause?: unknown): AppError =>
    new AppError('invalid', `relay: the key file ${path} ${why}`, {
      details: { field: 'relay' },
      cause,
    })
  let text: string
  try {
    const { mode } = statSync(path)
    // Windows knows no such bits, and says that everybody may.
    if (process.platform !== 'win32' && (mode & OF_OTHERS) !== 0)
      throw refuse(`can be read by others; make it yours alone with: chmod 600 ${path}`)
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw refuse('cannot be read; write a key into it, or name another one', cause)
  }
  return keyOfText(text, `key file ${path}`)
}

/**
 * The key in a text. It is in no message, whatever is wrong with it.
 *
 * @param where it comes from, for the message
 * @throws AppError `invalid` where it is none
 */
export function keyOfText(text: string, where: string): Hex {
  const digits = text.trim().replace(/^0x/, '')
  if (/^[0-9a-f]{64}$/i.test(digits)) return `0x${digits.toLowerCase()}`
  throw new AppError(
    'invalid',
    `relay: the ${where} holds no key; write 64 hex digits into it and nothing else`,
    { details: { field: 'relay' } },
  )
}
