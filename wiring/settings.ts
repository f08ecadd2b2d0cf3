import { type Deployment, loadDeployment, type Settings } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'
import { chosenChain } from '#core/chain-choice.ts'

export { InvalidConfig } from '#adapters/config-file/load.ts'
export { configJsonSchema } from '#adapters/config-file/schema.ts'
export type { Deployment, Settings } from '#adapters/config-file/load.ts'
export {
  placeOf,
  type RawSetting,
  type StoreSetting,
} from '#adapters/config-file/sections/store.ts'

/**
 * The configuration in a JSON file, with `${NAME}` filled in from the environment of this process.
 *
 * @throws InvalidConfig that lists every fault of the file with its path
 */
export const readDeployment = (path: string): Deployment => loadDeployment(path, environment)

/**
 * The configuration of one of its chains.
 *
 * @param chain as the command line names it, by name or id; the default one unless given
 * @throws InvalidConfig as `readDeployment` does
 * @throws AppError `invalid` that names the chains that there are
 */
export function readSettings(path: string, chain?: string): Settings {
  const { chains, byDefault } = readDeployment(path)
  return chain === undefined ? byDefault : chosenChain(chains, chain, '--chain')
}
