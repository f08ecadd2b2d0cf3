import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/dex/ports.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { namelessToken } from '#resources/json.ts'
import type { Ports } from './wire.ts'

/** Tokens' own words are asked for live; an answer is held up for this long at most, and given without them. */
const WAIT_MS_MAX = 2_500

type TokenPorts = Pick<Ports, 'tokens' | 'log'>

/** In the order of `addresses`; nulls where the chain cannot be asked in time. */
export async function readTokens(
  { tokens, log }: TokenPorts,
  addresses: readonly Address[],
): Promise<TokenInfo[]> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), WAIT_MS_MAX)
  })
  const read = tokens.read(addresses).catch((error: unknown) => {
    if (!isAppError(error)) throw error
    log.debug({ reason: messageOf(error) }, 'tokens are shown without their names')
    return undefined
  })
  try {
    return (await Promise.race([read, late])) ?? addresses.map(namelessToken)
  } finally {
    clearTimeout(timer)
  }
}

/** Whether the token has said all that it can be asked for: then it stays so. */
export const isComplete = ({ symbol, name, decimals }: TokenInfo): boolean =>
  symbol !== null && name !== null && decimals !== null
