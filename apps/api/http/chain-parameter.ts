import { z } from 'zod'
import { chosenChain } from '#core/chain-choice.ts'
import type { Api, ServedChain } from '#api/wire.ts'
import { queryOf, readParameters } from './parameters.ts'

/** The parameter of every operation that is of one chain. Which one it names is known before the others are read. */
export const chainParameter = z
  .string()
  .optional()
  .describe('The name or the id of a chain, see `/v1/chains`; the default one unless given.')

/**
 * The chain that a request names; undefined where it names none.
 *
 * @throws AppError `invalid` that names the chains that there are
 */
export function namedChain(api: Api, { url }: { readonly url: string }): ServedChain | undefined {
  const name = url.includes('chain=') ? new URLSearchParams(queryOf(url)).get('chain') : null
  return name === null ? undefined : chosenChain(api.chains, name)
}

/** The chain that a request is about. @throws AppError as `namedChain` does */
export const chainOf = (api: Api, req: { readonly url: string }): ServedChain =>
  namedChain(api, req) ?? api.byDefault

/** The parameters of an operation that is of one chain and takes no others, as one that has all else in its body. */
export const onlyChain = z.strictObject({ chain: chainParameter })

/**
 * The chain of a request that names no more than it.
 *
 * @throws AppError as `namedChain` does
 * @throws InvalidRequest for another parameter
 */
export function chainAlone(api: Api, req: Parameters<typeof readParameters>[1]): ServedChain {
  readParameters(onlyChain, req)
  return chainOf(api, req)
}
