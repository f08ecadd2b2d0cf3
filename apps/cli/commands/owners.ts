import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { chainOption, configOption, parseAddressOption } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import type { Address } from '#core/chain.ts'
import { AppError, messageOf } from '#core/errors.ts'
import type { Decision, Finality } from '#core/ownership/decision.ts'
import { explainDecision } from '#core/ownership/explain.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { refuseUnknownTraits } from '#core/ownership/refuse-unknown-traits.ts'
import type { Rule } from '#core/ownership/rule.ts'
import { toJson } from '#resources/json.ts'
import { snapshotCommand } from './snapshot.ts'
import { decision } from '#resources/ownership.ts'

export const ownersCommand = (): Command =>
  new Command('owners')
    .summary('say who owns what, and why')
    .description(
      'Answers questions on who owns tokens, from the contracts and from the indexed transfers.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard owners check --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d \\
      --wallet 0x46efbaedc92067e6d60e84ed6395099723252496`,
    )
    .addCommand(checkCommand())
    .addCommand(snapshotCommand())

type CheckOptions = {
  readonly config: string
  readonly chain?: string
  readonly rule?: string
  readonly ruleFile?: string
  readonly collection?: Address
  readonly wallet: readonly Address[]
  readonly finality: Finality
  readonly json?: boolean
}

const checkCommand = (): Command =>
  new Command('check')
    .summary('check whether wallets own what a rule says')
    .description(
      'Asks the contracts, all at one block, whether the wallets of one person own what a rule says, and prints what it ' +
        'found of each part of the rule. The answer is yes, no, or unknown where it cannot be known now.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .addOption(
      new Option('--collection <address>', 'any token of this ERC-721 collection')
        .argParser(parseAddressOption)
        .conflicts(['rule', 'ruleFile']),
    )
    .addOption(new Option('--rule <json>', 'a rule, as the API takes it').conflicts('ruleFile'))
    .option('--rule-file <file>', 'a file that holds the rule')
    .requiredOption(
      '--wallet <address>',
      'a wallet of the person; may be given several times',
      addWallet,
    )
    .addOption(
      new Option('--finality <tag>', 'how sure the chain has to be of the block')
        .choices(['latest', 'safe', 'finalized'])
        .default('latest'),
    )
    .option('--json', 'print one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard owners check --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d \\
      --wallet 0x46efbaedc92067e6d60e84ed6395099723252496
  $ halyard owners check --rule '{"erc20":{"token":"0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2","min":"5"}}' \\
      --wallet 0x46efbaedc92067e6d60e84ed6395099723252496 --finality finalized`,
    )
    .action(check)

const WALLETS_MAX = 50

function addWallet(text: string, before: readonly Address[] | undefined): Address[] {
  if (!before) return [parseAddressOption(text)]
  if (before.length === WALLETS_MAX)
    throw new InvalidArgumentError(`more than ${WALLETS_MAX} wallets.`)
  return [...before, parseAddressOption(text)]
}

async function check(options: CheckOptions): Promise<void> {
  const rule = ruleOf(options)
  const { wireOwnership } = await import('#cli/wire-ownership.ts')
  const settings = readSettings(options.config, options.chain)
  await using app = await wireOwnership(settings)
  await refuseUnknownTraits(app.metadata, settings.chain.id, rule)
  const { finality } = options
  const [decided] = await app.ownership.check({ rule, finality, people: [options.wallet] })
  const { write } = process.stdout
  const print = (line: string): void => void write.call(process.stdout, `${line}\n`)
  if (options.json) print(JSON.stringify(toJson(decision, decided as Decision)))
  else for (const line of linesOf(decided as Decision)) print(line)
}

/** The rule that the options name. */
function ruleOf({ collection, rule, ruleFile }: CheckOptions): Rule {
  if (collection) return parseRule({ erc721: { collection } })
  const text = rule ?? (ruleFile === undefined ? undefined : readText(ruleFile))
  if (text === undefined)
    throw new AppError('invalid', 'rule: none is given; give --collection, --rule or --rule-file', {
      details: { field: 'rule' },
    })
  return parseRule(parseJson(text))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AppError('invalid', `rule-file: ${file} cannot be read (${messageOf(cause)})`, {
      details: { field: 'rule-file' },
      cause,
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('invalid', `rule: it is not JSON (${messageOf(cause)})`, {
      details: { field: 'rule' },
      cause,
    })
  }
}

/** The answer in a sentence, then what was found of each part. */
function* linesOf(decided: Decision): Generator<string> {
  yield explainDecision(decided)
  const { block, clauses } = decided
  if (block) yield `block ${block.number} ${block.hash}`
  for (const { path, answer, reason, found, needed, wallets, tokens } of clauses) {
    yield `  ${path}: ${answer} (${reason}), ${found} of ${needed}`
    for (const each of wallets)
      yield `    ${each.wallet} ${each.amount ?? 'unknown'}${each.reason ? ` (${each.reason})` : ''}${
        each.delegate ? ` delegated to ${each.delegate}` : ''
      }`
    for (const { tokenId, wallet, escrow } of tokens)
      yield `    token ${tokenId} of ${wallet}${escrow ? ` in ${escrow}` : ''}`
  }
}
