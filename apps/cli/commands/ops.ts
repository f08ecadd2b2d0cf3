import { Command, Option } from 'commander'
import { confirm } from '#cli/confirm.ts'
import { chainOption, configOption, parseWhole } from '#cli/options.ts'
import { print } from '#cli/points/mutate.ts'
import { wireSpends } from '#cli/wire-relay.ts'
import { checkName } from '#core/ledger/check-request.ts'
import { AppError } from '#core/errors.ts'
import { toText } from '#core/ledger/text.ts'
import { type IntentState, intentStates } from '#core/relay/intent.ts'
import { quarantine, retryIntent } from '#core/relay/quarantine-intent.ts'
import { readOperation } from '#core/relay/read-operation.ts'

type Options = { readonly config: string; readonly chain?: string; readonly json?: boolean }

export const opsCommand = (): Command => {
  const ops = new Command('ops')
    .summary('look at spends on the chain, and put them aside')
    .description(
      'Shows how far spends of points on a chain have come, puts one aside that is not as it should be, and lets it go on.',
    )
    .addHelpText('after', '\nExamples:\n  $ halyard ops list --state quarantined')
  for (const command of [
    listCommand(),
    showCommand(),
    changeCommand('quarantine'),
    changeCommand('retry'),
  ])
    ops.addCommand(command)
  return ops
}

const described = (name: string, summary: string, description: string, example: string): Command =>
  new Command(name)
    .summary(summary)
    .description(description)
    .addOption(configOption())
    .addOption(chainOption())
    .option('--json', 'one line of JSON')
    .addHelpText('after', `\nExamples:\n  $ halyard ops ${example}`)

const listCommand = (): Command =>
  described(
    'list',
    'print spends, one line of JSON each',
    'Prints spends by their name, each with its state and what it waits for.',
    'list --state quarantined',
  )
    .addOption(new Option('--state <state>', 'only those that are so').choices(intentStates))
    .addOption(
      new Option('--limit <lines>', 'at most so many')
        .argParser(parseWhole(1, 100_000))
        .default(100),
    )
    .action(list)

const showCommand = (): Command =>
  described(
    'show',
    'print one spend',
    'Prints a spend with every step that it has taken, and what was signed for it.',
    'show cli/0f1e2d3c',
  )
    .argument('<operation>', 'scope and key with a slash between')
    .action(show)

const changeCommand = (name: 'quarantine' | 'retry'): Command =>
  described(
    name,
    name === 'retry' ? 'let a spend go on that was put aside' : 'put a spend aside',
    name === 'retry'
      ? 'Lets a spend go on from where it was put aside.'
      : 'Nothing more is signed for the spend, and nothing is concluded, until halyard ops retry lets it go on. Its points ' +
          'stay held; what was sent already may still be mined.',
    `${name} cli/0f1e2d3c --memo checked --yes`,
  )
    .argument('<operation>', 'scope and key with a slash between')
    .option('--memo <text>', 'why, for the record', '')
    .option('--actor <name>', 'who does it, for the record; the user of this machine unless given')
    .option('--yes', 'do it without asking')
    .option('--dry-run', 'only tell what would become of it')
    .action((id: string, options: ChangeOptions) => change(name, id, options))

const PAGE = 200

async function list(
  options: Options & { readonly state?: IntentState; readonly limit: number },
): Promise<void> {
  await using app = await wireSpends(options)
  let left = options.limit
  let after: string | undefined
  while (left > 0) {
    const size = Math.min(left, PAGE)
    const page = await app.ports.intents.listIntents(app.policy.chainId, {
      ...(options.state && { states: [options.state] }),
      ...(after !== undefined && { after }),
      limit: size,
    })
    for (const intent of page) {
      const { id, state, account, amountRaw, way, waitsFor, slot } = intent
      const line = { id, state, account, amountRaw, way, waitsFor, slot }
      process.stdout.write(`${toText(line)}\n`)
    }
    if (page.length < size) break
    left -= page.length
    after = page.at(-1)?.id
  }
}

async function show(id: string, options: Options): Promise<void> {
  await using app = await wireSpends(options)
  const intent = await readOperation(app.ports, app.policy.chainId, id)
  const [slot] = intent.slot ? await app.ports.intents.slots(intent.chainId, intent.slot, 1) : []
  print(options, {
    ...intent,
    signed: slot?.nonce === intent.slot?.nonce ? (slot?.signed ?? []) : [],
  })
}

type ChangeOptions = Options & {
  readonly memo: string
  readonly actor?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

async function change(
  name: 'quarantine' | 'retry',
  id: string,
  options: ChangeOptions,
): Promise<void> {
  await using app = await wireSpends(options)
  const by = checkName('--actor', options.actor ?? app.actor)
  const intent = await readOperation(app.ports, app.policy.chainId, id)
  if (options.dryRun === true) {
    print(options, { status: `would-${name}`, id, state: intent.state, resumeIn: intent.resumeIn })
    return
  }
  if (!(await confirm(`${name} ${id}?`, options.yes === true))) {
    print(options, { status: 'not-done', id })
    return
  }
  const after =
    name === 'retry'
      ? await retryIntent(app.ports, intent, by, options.memo)
      : await quarantine(app.ports, intent, by, options.memo === '' ? 'put aside' : options.memo)
  if (name === 'quarantine' && after.state !== 'quarantined')
    throw new AppError('conflict', `operation: ${id} is ${after.state}, which is its end`, {
      details: { field: 'operation' },
    })
  print(options, { status: 'done', id, state: after.state })
}
