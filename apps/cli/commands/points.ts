import { Argument, Command, Option } from 'commander'
import { chainOption, configOption, parseAddressOption, parseWhole } from '#cli/options.ts'
import {
  type ChainSpendOptions,
  refuseChainOptions,
  spendOnChain,
} from '#cli/points/spend-on-chain.ts'
import { earningCommands } from '#cli/points/earning-commands.ts'
import { reconcilePoints } from '#cli/points/reconcile.ts'
import { mutate } from '#cli/points/mutate.ts'
import {
  assetOption,
  ledgerOptions,
  memoOption,
  type MutationOptions,
  mutationOptions,
  parseDuration,
  parsePoints,
  parseTime,
  ruleOptions,
} from '#cli/points/options.ts'
import { audit, expire, showBalance, showLeaders, showStatement, verify } from '#cli/points/show.ts'

type SpendOptions = MoveOptions & ChainSpendOptions & { readonly fee?: bigint }
type MoveOptions = MutationOptions & { readonly asset: string; readonly memo: string }

const amountArgument = (): Argument =>
  new Argument('<amount>', 'in raw units').argParser(parsePoints)
const accountArgument = (): Argument => new Argument('<account>', 'letters, digits or :._@~-')

export const pointsCommand = (): Command => {
  const points = new Command('points')
    .summary('keep the ledger of points')
    .description(
      'Grants, spends and looks at points. Every operation is an entry of a ledger that is only ever added to, with the ' +
        'name of whoever did it; it is kept with people’s records.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard points asset --asset points --name Points --yes
  $ halyard points grant alice 100 --memo welcome --yes
  $ halyard points balance alice`,
    )
  for (const command of [
    assetCommand(),
    grantCommand(),
    spendCommand(),
    reverseCommand(),
    freezeCommand('freeze'),
    freezeCommand('unfreeze'),
    expireCommand(),
    balanceCommand(),
    statementCommand(),
    leadersCommand(),
    auditCommand(),
    verifyCommand(),
    ...earningCommands(),
    reconcileCommand(),
  ])
    points.addCommand(command)
  return points
}

function described(name: string, summary: string, description: string, example: string): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .addHelpText('after', `\nExamples:\n  $ halyard points ${example}`)
}

const withOptions = (built: Command, options: readonly Option[]): Command => {
  for (const option of options) built.addOption(option)
  return built
}

const mutation = (...args: Parameters<typeof described>): Command =>
  withOptions(described(...args), mutationOptions())

const rule = (...args: Parameters<typeof described>): Command =>
  withOptions(described(...args), ruleOptions())

const look = (...args: Parameters<typeof described>): Command =>
  withOptions(described(...args), ledgerOptions())

type PolicyOptions = MutationOptions & {
  readonly asset: string
  readonly name: string
  readonly decimals: number
  readonly spendMax?: bigint
  readonly spendPerDayMax?: bigint
  readonly balanceMax?: bigint
  readonly supplyMax?: bigint
  readonly expiresAfter?: number
}

const assetCommand = (): Command =>
  mutation(
    'asset',
    'make an asset, or change its policy',
    'Says what holds for all accounts of an asset from now on. A limit that is left out is none.',
    'asset --asset points --name Points --spend-max 5000 --expires-after 365d --yes',
  )
    .addOption(assetOption())
    .requiredOption('--name <text>', 'how people call it')
    .option('--decimals <digits>', 'digits of a raw amount behind the point', parseWhole(0, 18), 0)
    .option('--spend-max <amount>', 'the most that one operation spends', parsePoints)
    .option('--spend-per-day-max <amount>', 'the most that an account spends a day', parsePoints)
    .option('--balance-max <amount>', 'the most that an account has', parsePoints)
    .option('--supply-max <amount>', 'the most that is out at one time', parsePoints)
    .option('--expires-after <duration>', 'how long points live, such as 365d', parseDuration)
    .action((options: PolicyOptions) =>
      mutate(
        options,
        {
          kind: 'set-asset',
          asset: options.asset,
          name: options.name,
          decimals: options.decimals,
          spendMaxRaw: options.spendMax ?? null,
          spendPerDayMaxRaw: options.spendPerDayMax ?? null,
          balanceMaxRaw: options.balanceMax ?? null,
          supplyMaxRaw: options.supplyMax ?? null,
          expiresAfterMs: options.expiresAfter ?? null,
        },
        `Set the policy of ${options.asset}?`,
      ),
    )

const grantCommand = (): Command =>
  mutation(
    'grant',
    'give points to an account',
    'Gives points to an account out of the issuance of the asset.',
    'grant alice 100 --memo welcome --yes',
  )
    .addArgument(accountArgument())
    .addArgument(amountArgument())
    .addOption(assetOption())
    .addOption(memoOption())
    .action((account: string, amountRaw: bigint, options: MoveOptions) =>
      mutate(
        options,
        { kind: 'grant', asset: options.asset, account, amountRaw, memo: options.memo },
        `Give ${amountRaw} ${options.asset} to ${account}?`,
      ),
    )

const spendCommand = (): Command =>
  mutation(
    'spend',
    'spend points of an account',
    'Spends points of an account, for which it must have enough. With --on-chain they are put aside at once, and spent when ' +
      'the chain has the spend in a final block; halyard ops show tells how far it is.',
    'spend alice 30 --memo sticker --yes',
  )
    .addArgument(accountArgument())
    .addArgument(amountArgument())
    .addOption(assetOption())
    .addOption(memoOption())
    .option('--fee <amount>', 'how much of it is a fee; nothing unless given', parsePoints)
    .option('--on-chain', 'spend them on the chain; see halyard relay')
    .addOption(chainOption())
    .option('--wallet <address>', 'with --on-chain: the account’s own address', parseAddressOption)
    .option(
      '--voucher',
      'with --on-chain: the account sends it, with a voucher that is signed for it',
    )
    .action((account: string, amountRaw: bigint, options: SpendOptions) => {
      if (options.onChain === true) return spendOnChain(account, amountRaw, options)
      refuseChainOptions(options)
      return mutate(
        options,
        {
          kind: 'spend',
          asset: options.asset,
          account,
          amountRaw,
          feeRaw: options.fee ?? 0n,
          memo: options.memo,
        },
        `Spend ${amountRaw} ${options.asset} of ${account}?`,
      )
    })

const reverseCommand = (): Command =>
  mutation(
    'reverse',
    'post the opposite of an operation',
    'Takes back a grant, a spend or an expiry by an entry of its own. An operation is reversed at most once.',
    'reverse cli/0f1e2d3c --memo mistake --yes',
  )
    .argument('<operation>', 'scope and key with a slash between, as a statement shows them')
    .addOption(memoOption())
    .action((operation: string, options: MoveOptions) =>
      mutate(
        options,
        { kind: 'reverse', operation, memo: options.memo },
        `Post the opposite of ${operation}?`,
      ),
    )

const freezeCommand = (kind: 'freeze' | 'unfreeze'): Command =>
  mutation(
    kind,
    kind === 'freeze' ? 'let an account spend nothing' : 'let an account spend again',
    kind === 'freeze'
      ? 'The account can spend nothing and nothing of it expires until it is unfrozen.'
      : 'The account can spend again.',
    `${kind} alice --memo review --yes`,
  )
    .addArgument(accountArgument())
    .addOption(memoOption())
    .action((account: string, options: MoveOptions) =>
      mutate(options, { kind, account, memo: options.memo }, `${kind} ${account}?`),
    )

const expireCommand = (): Command =>
  rule(
    'expire',
    'take back points that are too old',
    'Takes back what is older than the policy of the asset lets it be. What an account has spent counts against the ' +
      'oldest points that it was given.',
    'expire --asset points --yes',
  )
    .addOption(assetOption())
    .action(expire)

const balanceCommand = (): Command =>
  look(
    'balance',
    'print what an account has',
    'Prints what an account can spend, what is put aside and what is not confirmed yet, with the entry that made it so.',
    'balance alice --at 2026-11-01',
  )
    .addArgument(accountArgument())
    .addOption(assetOption())
    .option('--at <time>', 'at a time in the past (UTC), such as 2026-11-01', parseTime)
    .action(showBalance)

const limitOption = (): Option =>
  new Option('--limit <lines>', 'at most so many').argParser(parseWhole(1, 1_000_000)).default(100)

const statementCommand = (): Command =>
  look(
    'statement',
    'print what was done to an account',
    'Prints one line of JSON for each operation, newest first, with the balance behind it.',
    'statement alice --limit 20',
  )
    .addArgument(accountArgument())
    .addOption(assetOption())
    .addOption(limitOption())
    .action(showStatement)

const leadersCommand = (): Command =>
  look(
    'leaders',
    'print the accounts that have most',
    'Prints one line of JSON for each account, by what it can spend.',
    'leaders --limit 10',
  )
    .addOption(assetOption())
    .addOption(limitOption())
    .action(showLeaders)

const auditCommand = (): Command =>
  rule(
    'audit',
    'count the ledger again and compare',
    'Counts all balances again from the log and compares everything that is stored with it. Ends with 70 where it finds ' +
      'a difference; --freeze then freezes the accounts that it names.',
    'audit --freeze --yes',
  )
    .option('--freeze', 'freeze accounts that are not what the log says')
    .action(audit)

const reconcileCommand = (): Command =>
  described(
    'reconcile',
    'compare the ledger with the chain, both ways',
    'Compares all final events of the points contract with all points that were put aside for it, and prints one line of JSON ' +
      'for each difference, with its cause. With --repair those are mended that an entry can mend. Ends with 70 where ' +
      'differences are left.',
    'reconcile --repair --yes',
  )
    .addOption(configOption())
    .addOption(chainOption())
    .option('--repair', 'mend what an entry of the ledger mends')
    .option(
      '--write-off',
      'with --repair: book as a loss what the chain spent and the account cannot pay',
    )
    .option('--actor <name>', 'who does it, for the record; the user of this machine unless given')
    .option('--yes', 'do it without asking')
    .option('--dry-run', 'only tell what would be mended')
    .action(reconcilePoints)

const verifyCommand = (): Command =>
  look(
    'verify',
    'prove that the log was not changed',
    'Proves that each entry is what its hash says and names the one before it, and prints the newest hash: whoever has ' +
      'kept an older one can tell that nothing before it was changed.',
    'verify --json',
  ).action(verify)
