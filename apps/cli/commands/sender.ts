import { Command } from 'commander'
import { confirm } from '#cli/confirm.ts'
import { chainOption, configOption, parseAddressOption } from '#cli/options.ts'
import { print } from '#cli/points/mutate.ts'
import { readSettings, toStderr } from '#cli/wire.ts'
import { wireRelay } from '#cli/wire-relay.ts'
import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import { checkName } from '#core/ledger/check-request.ts'
import { toText } from '#core/ledger/text.ts'
import { drainSender } from '#core/relay/drain-sender.ts'
import { readSenders } from '#core/relay/sender-status.ts'

type Options = { readonly config: string; readonly chain?: string; readonly json?: boolean }

type DrainOptions = Options & {
  readonly undo?: boolean
  readonly actor?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

export const senderCommand = (): Command => {
  const sender = new Command('sender')
    .summary('look at the accounts that send spends, and let one end')
    .description(
      'Shows how the accounts are doing that send spends of points to the chain, and lets one take on nothing new.',
    )
    .addHelpText('after', '\nExamples:\n  $ halyard sender status')
  sender
    .command('status')
    .summary('print each sender, one line of JSON each')
    .description('Prints funds, counts of transactions and claimed nonces of each sender.')
    .addOption(configOption())
    .addOption(chainOption())
    .addHelpText('after', '\nExamples:\n  $ halyard sender status')
    .action(status)
  sender
    .command('drain')
    .summary('let a sender take on nothing new')
    .description(
      'The sender ends what it has claimed and takes on nothing new, as before its key is changed. With --undo it takes on ' +
        'spends again.',
    )
    .argument('<address>', 'one of relay.senders', parseAddressOption)
    .addOption(configOption())
    .addOption(chainOption())
    .option('--json', 'one line of JSON')
    .option('--undo', 'let it take on spends again')
    .option('--actor <name>', 'who does it, for the record; the user of this machine unless given')
    .option('--yes', 'do it without asking')
    .option('--dry-run', 'only tell what would become of it')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard sender drain 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 --yes
  $ halyard sender drain 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 --undo --yes`,
    )
    .action(drain)
  return sender
}

const wired = ({ config, chain }: Options) =>
  wireRelay(readSettings(config, chain), (message) => toStderr(message))

async function status(options: Options): Promise<void> {
  await using app = await wired(options)
  for (const sender of await readSenders(app.ports, app.policy))
    process.stdout.write(`${toText(sender)}\n`)
}

async function drain(sender: Address, options: DrainOptions): Promise<void> {
  await using app = await wired(options)
  const by = checkName('--actor', options.actor ?? app.actor)
  const isDrained = options.undo !== true
  const known = app.ports.senders.map((each) => each.sender)
  // One whose key is gone may be asked for again all the same.
  if (isDrained && !known.includes(sender))
    throw invalidField(
      'address',
      `it is none of relay.senders: ${known.join(', ') || 'there are none'}`,
    )
  if (options.dryRun === true) {
    print(options, { status: 'would-change', sender, isDrained })
    return
  }
  const question = isDrained
    ? `Let ${sender} take on nothing new?`
    : `Let ${sender} take on spends?`
  if (!(await confirm(question, options.yes === true))) {
    print(options, { status: 'not-done', sender })
    return
  }
  const state = await drainSender(app.ports, app.policy.chainId, sender, { isDrained, by })
  print(options, { status: 'done', ...state })
}
