import { loadSettings, type Settings } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'

export { InvalidConfig } from '#adapters/config-file/load.ts'
export { configJsonSchema } from '#adapters/config-file/schema.ts'
export type { Settings } from '#adapters/config-file/load.ts'
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
export const readSettings = (path: string): Settings => loadSettings(path, environment)
