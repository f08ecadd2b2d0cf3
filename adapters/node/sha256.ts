import { createHash, hash } from 'node:crypto'
import type { Sha256 } from '#core/history/digest.ts'

export const sha256: Sha256 = (text, more) =>
  more === undefined
    ? `0x${hash('sha256', text, 'hex')}`
    : `0x${createHash('sha256').update(text).update(more).digest('hex')}`
