import type { KeySetting } from '#adapters/config-file/sections/relay.ts'
import type { DigestSigner } from '#core/relay/ports.ts'
import { environment } from './system.ts'

/**
 * A key in this process, in a file or in a service.
 *
 * @throws AppError `invalid` where a file cannot be used
 */
export async function openKey(setting: KeySetting): Promise<DigestSigner> {
  const { createLocalSigner } = await import('#adapters/ethers/relay-signer.ts')
  switch (setting.kind) {
    case 'environment': {
      const { keyOfText } = await import('#adapters/signer/key-file.ts')
      const where = `variable ${setting.name} of the environment`
      return createLocalSigner(keyOfText(environment[setting.name] ?? '', where))
    }
    case 'file': {
      const { readKeyFile } = await import('#adapters/signer/key-file.ts')
      return createLocalSigner(readKeyFile(setting.path))
    }
    case 'remote': {
      const { createRemoteSigner } = await import('#adapters/signer/remote-signer.ts')
      return createRemoteSigner(setting)
    }
    default:
      return setting satisfies never
  }
}
