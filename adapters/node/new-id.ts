import { randomBytes } from 'node:crypto'

/** 64 random bits as 11 letters, digits, `-` and `_`. */
export const newId = (): string => randomBytes(8).toString('base64url')
