import { Command } from 'commander'
import { configOption, parseAddressOption } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { person } from '#resources/identity.ts'
import { toJson } from '#resources/json.ts'

type Options = {
  readonly config: string
  readonly wallet: Address
  readonly signOut?: boolean
}

export const personsCommand = (): Command =>
  new Command('persons')
    .summary('print the person that has a wallet, and sign it out')
    .description(
      'Prints the person that has proven a wallet, with all of its wallets, as one line of JSON. With --sign-out all of ' +
        'its sessions end, as where a token was stolen.',
    )
    .addOption(configOption())
    .requiredOption('--wallet <address>', 'a wallet of the person', parseAddressOption)
    .option('--sign-out', 'end all sessions of the person')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard persons --wallet 0x46efbaedc92067e6d60e84ed6395099723252496
  $ halyard persons --wallet 0x46efbaedc92067e6d60e84ed6395099723252496 --sign-out`,
    )
    .action(run)

async function run({ config, wallet, signOut = false }: Options): Promise<void> {
  const { records } = readSettings(config)
  const { openIdentityStore } = await import('#wiring/open-identity.ts')
  const store = await openIdentityStore(records)
  try {
    const id = await store.personOf(wallet)
    if (id === undefined)
      throw new AppError('not-found', `wallet: nobody has proven ${wallet}`, {
        details: { field: 'wallet' },
      })
    if (signOut) await store.revokeSessionsOf(id)
    const wallets = await store.walletsOf(id)
    process.stdout.write(`${JSON.stringify(toJson(person, { id, wallets }))}\n`)
  } finally {
    await store.close()
  }
}
