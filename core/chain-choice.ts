import { invalidField } from './errors.ts'

/** What a chain of a deployment is called: by people, and by itself. */
export type ChainName = { readonly name: string; readonly id: number }

/** Of two chains with their names, for people: `ethereum (1)`; of one that is named by its id alone, `1`. */
const chainText = ({ name, id }: ChainName): string =>
  name === String(id) ? name : `${name} (${id})`

/**
 * The chain that somebody means: by name, in letters of either case, or by id.
 *
 * @param field what the caller calls it
 * @throws AppError `invalid` that names those that there are
 */
export function chosenChain<C extends { readonly chain: ChainName }>(
  chains: readonly C[],
  text: string,
  field = 'chain',
): C {
  const wanted = text.trim().toLowerCase()
  const found = chains.find(({ chain }) => chain.name === wanted || String(chain.id) === wanted)
  if (found) return found
  const known = chains.map(({ chain }) => chainText(chain)).join(', ')
  const shown = JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX))
  throw invalidField(field, `it takes the name or the id of a chain: ${known}; here is ${shown}`)
}

const SHOWN_LENGTH_MAX = 40
