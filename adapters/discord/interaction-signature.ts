import { createPublicKey, verify } from 'node:crypto'

/** Proves that a request comes from Discord. */
export type InteractionVerifier = {
  /** @param signature of timestamp and body, byte by byte as they came: 64 bytes in hex (Ed25519) */
  isSigned(of: {
    readonly timestamp: string
    readonly body: Uint8Array
    readonly signature: string
  }): boolean
}

/** @param publicKey of the application: 32 bytes in hex, as the developer portal shows them */
export function createInteractionVerifier(publicKey: string): InteractionVerifier {
  const x = Buffer.from(publicKey, 'hex').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return {
    isSigned({ timestamp, body, signature }) {
      if (!/^[0-9a-fA-F]{128}$/.test(signature)) return false
      const signed = Buffer.concat([Buffer.from(timestamp), body])
      return verify(null, signed, key, Buffer.from(signature, 'hex'))
    },
  }
}
