import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { lazily } from '#cli/lazily.ts'
import { chainOption, configOption, parseAddressOption } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import type { Options } from '#cli/webhooks/run.ts'
import type { WebhookTopic } from '#core/webhooks/ports.ts'
import { webhookTopics } from '#core/webhooks/topics.ts'

/** What sends over the network is loaded when it is asked for. */
const loaded = () => import('#cli/webhooks/run.ts')

export const webhooksCommand = (): Command => {
  const webhooks = new Command('webhooks')
    .summary('tell others of what the indexer commits')
    .description(
      'Sends what is committed to receivers, signed, in order and from exactly where each has stopped; what a ' +
        'reorganisation takes back is told too.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard webhooks add --url https://example.org/hook --topics nft-transfers
  $ halyard webhooks deliver --config halyard.json`,
    )
  for (const command of [
    described('list', 'print all webhooks, and how they go', LIST, 'list').action(
      lazily(async () => (await loaded()).list),
    ),
    addCommand(),
    ofOne(
      'remove',
      'remove a webhook',
      'Removes a webhook; nothing is sent to it any more.',
    ).action(lazily(async () => (await loaded()).remove)),
    ofOne(
      'test',
      'send a delivery of type test',
      'Sends a signed delivery of type test, and says whether it was taken.',
    ).action(lazily(async () => (await loaded()).test)),
    ofOne('resume', 'go on with one that failed', RESUME)
      .option('--anew', 'not from where it stopped, but from the newest block')
      .action(lazily(async () => (await loaded()).resume)),
    described('deliver', 'deliver until it is stopped', DELIVER, 'deliver').action(
      (options: Options) => untilStopped(async (stop) => (await loaded()).deliver(options, stop)),
    ),
  ])
    webhooks.addCommand(command)
  return webhooks
}

const LIST =
  'Prints a line of JSON for each webhook, of people too: without its secret, with the block up to which its receiver has ' +
  'taken everything, and why the newest delivery failed.'
const RESUME =
  'Has a webhook that was paused or waits for its next try go on at once, from where it stopped.'
const DELIVER =
  'Sends to all webhooks what the indexer commits. A delivery that is not taken is tried again, in pauses that grow up to ' +
  'an hour; after some three days, or an answer of 410, the webhook is paused. It may be killed at any time.'

function described(name: string, summary: string, description: string, example: string): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .addOption(configOption())
    .addHelpText('after', `\nExamples:\n  $ halyard webhooks ${example}`)
}

const ofOne = (name: string, summary: string, description: string): Command =>
  described(name, summary, description, `${name} 6c1f2b7e-6f0f-4f5e-9a53-0d5c2c1f7f10`).addArgument(
    new Argument('<id>', 'of the webhook'),
  )

const addCommand = (): Command =>
  described(
    'add',
    'add a webhook, and print its secret',
    'Adds a webhook and prints it, with the secret that its deliveries are signed with, which is not printed again. It is ' +
      'told of what is committed from now on, whenever `halyard webhooks deliver` comes to run.',
    'add --url https://example.org/hook --topics nft-transfers,swaps',
  )
    .addOption(chainOption())
    .requiredOption('--url <url>', 'where deliveries go: https, at a public address')
    .addOption(
      new Option('--topics <list>', `of ${webhookTopics.join(', ')}`)
        .argParser(parseTopics)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--addresses <list>',
        'only of these collections, tokens and pools, or of these wallets',
      ).argParser((text) => text.split(',').map((part) => parseAddressOption(part.trim()))),
    )
    .action(lazily(async () => (await loaded()).add))

function parseTopics(text: string): WebhookTopic[] {
  const topics = [...new Set(text.split(',').map((part) => part.trim()))]
  for (const topic of topics)
    if (!(webhookTopics as readonly string[]).includes(topic))
      throw new InvalidArgumentError(`"${topic}" is none of ${webhookTopics.join(', ')}.`)
  return topics as WebhookTopic[]
}
