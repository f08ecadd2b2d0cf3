import { Command, InvalidArgumentError, Option } from 'commander'
import { lazily } from '#cli/lazily.ts'
import type { Options } from '#cli/metadata/run.ts'
import { chainOption, configOption, parseAddressOption } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'

/** What fetches over the network is loaded when it is asked for. */
const loaded = () => import('#cli/metadata/run.ts')

export const metadataCommand = (): Command =>
  new Command('metadata')
    .summary('keep what tokens of NFTs say of themselves')
    .description(
      'Fetches the metadata of the tokens of all indexed collections, and again when an event tells of a change.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard metadata fetch --config halyard.json
  $ halyard metadata show --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d --token 1`,
    )
    .addCommand(fetchCommand())
    .addCommand(showCommand())

const fetchCommand = (): Command =>
  new Command('fetch')
    .summary('fetch until it is stopped')
    .description(
      'Reads the contracts of indexed collections and fetches what they name, as the section metadata of the ' +
        'configuration says, of each chain. What fails is tried again, in pauses that grow up to a day. It may be killed ' +
        'at any time.',
    )
    .addOption(configOption())
    .option('--once', 'end when nothing is due')
    .addHelpText('after', '\nExamples:\n  $ halyard metadata fetch --config halyard.json')
    .action((options: Options & { readonly once?: boolean }) =>
      untilStopped(async (stop) => (await loaded()).fetchAll(options, stop)),
    )

const showCommand = (): Command =>
  new Command('show')
    .summary('print what is stored of a token, or how far a collection is')
    .description(
      'Prints a line of JSON: of a token what it says of itself, of a collection how many tokens are in which state and ' +
        'the traits that they name.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .addOption(
      new Option('--collection <address>', 'the collection')
        .argParser(parseAddressOption)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--token <id>', 'one of its tokens').argParser(parseTokenId))
    .addHelpText(
      'after',
      `
Examples:
  $ halyard metadata show --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d
  $ halyard metadata show --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d --token 1`,
    )
    .action(lazily(async () => (await loaded()).show))

function parseTokenId(text: string): bigint {
  if (!/^\d{1,78}$/.test(text) || BigInt(text) >= 2n ** 256n)
    throw new InvalidArgumentError('not a token id from 0 to 2^256 - 1 in digits.')
  return BigInt(text)
}
