import { randomBytes } from 'node:crypto'

/** Nearly 64 random bits as 11 letters, digits, `-` and `_`. Never one that a command would take for an option. */
export function newId(): string {
  const id = randomBytes(8).toString('base64url')
  return id.startsWith('-') ? newId() : id
}
