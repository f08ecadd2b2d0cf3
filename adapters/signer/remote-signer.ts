import type { Address, Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { DigestSigner } from '#core/relay/ports.ts'

export type RemoteKey = {
  /** Of the service. */
  readonly url: string
  readonly keyId: string
  /** Whose signatures are expected. */
  readonly address: Address
  /** Sent as a bearer token; null: none. */
  readonly token: string | null
}

/** A service that hangs is asked again in the next round. */
const TIMEOUT_MS = 10_000

/**
 * A key in a service that signs 32 bytes at a time: `POST URL/sign` with `{ keyId, digest }` gives `{ signature }`. No message
 * has the token or the URL in it.
 */
export const createRemoteSigner = ({ url, keyId, address, token }: RemoteKey): DigestSigner => ({
  address,
  async signDigest(digest) {
    const away = (why: string, cause?: unknown): AppError =>
      new AppError('unavailable', `relay: the signer of ${address} cannot be used: ${why}`, {
        details: { field: 'relay' },
        cause,
      })
    let answer: unknown
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}/sign`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== null && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ keyId, digest }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!response.ok) throw away(`it answers with ${response.status}`)
      answer = await response.json()
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      throw away('it gives no answer', cause)
    }
    const { signature } = (answer ?? {}) as { readonly signature?: unknown }
    if (typeof signature === 'string' && /^0x[0-9a-f]{130}$/i.test(signature))
      return signature as Hex
    throw away('it answers with no signature')
  },
})
