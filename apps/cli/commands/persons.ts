import { Command, Option } from 'commander'
import { configOption, parseAddressOption, parseSnowflake } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { IdentityStore } from '#core/identity/ports.ts'
import { readPerson } from '#core/identity/read-person.ts'
import { person } from '#resources/identity.ts'
import { toJson } from '#resources/json.ts'

type Options = {
  readonly config: string
  readonly wallet?: Address
  readonly discord?: string
  readonly signOut?: boolean
}

export const personsCommand = (): Command =>
  new Command('persons')
    .summary('print the person that has a wallet or a Discord account, and sign it out')
    .description(
      'Prints the person that has proven a wallet or a Discord account, with all that it has proven, as one line of ' +
        'JSON. With --sign-out all of its sessions end, as where a token was stolen.',
    )
    .addOption(configOption())
    .addOption(
      new Option('--wallet <address>', 'a wallet of the person')
        .argParser(parseAddressOption)
        .conflicts('discord'),
    )
    .addOption(
      new Option('--discord <id>', 'the Discord account of the person').argParser(parseSnowflake),
    )
    .option('--sign-out', 'end all sessions of the person')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard persons --wallet 0x46efbaedc92067e6d60e84ed6395099723252496
  $ halyard persons --wallet 0x46efbaedc92067e6d60e84ed6395099723252496 --sign-out
  $ halyard persons --discord 80351110224678912`,
    )
    .action(run)

async function run({ config, signOut = false, ...by }: Options): Promise<void> {
  const { records } = readSettings(config)
  const { openIdentityStore } = await import('#wiring/open-identity.ts')
  const store = await openIdentityStore(records)
  try {
    const id = await personBy(store, by)
    if (signOut) await store.revokeSessionsOf(id)
    process.stdout.write(`${JSON.stringify(toJson(person, await readPerson(store, id)))}\n`)
  } finally {
    await store.close()
  }
}

async function personBy(
  store: IdentityStore,
  { wallet, discord }: Pick<Options, 'wallet' | 'discord'>,
): Promise<string> {
  if (wallet !== undefined)
    return (await store.personOf(wallet)) ?? nobody('wallet', `nobody has proven ${wallet}`)
  if (discord !== undefined)
    return (
      (await store.personOfDiscord(discord)) ?? nobody('discord', `nobody has linked ${discord}`)
    )
  throw new AppError('invalid', 'wallet: nobody is named; give --wallet or --discord', {
    details: { field: 'wallet' },
  })
}

function nobody(field: string, why: string): never {
  throw new AppError('not-found', `${field}: ${why}`, { details: { field } })
}
