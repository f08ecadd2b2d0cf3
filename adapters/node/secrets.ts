import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Secrets } from '#core/identity/ports.ts'

/** @param key of the service: HMAC-SHA256 takes texts of any length, and 32 random bytes are enough */
export function createSecrets(key: string): Secrets {
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url')
  return {
    random128: () => randomBytes(16).toString('hex'),
    sign,
    isSigned(text, signature) {
      const [right, given] = [Buffer.from(sign(text)), Buffer.from(signature)]
      return right.length === given.length && timingSafeEqual(right, given)
    },
  }
}
