import { Command } from 'commander'
import { lazily } from '#cli/lazily.ts'
import { chainOption, configOption } from '#cli/options.ts'

/** What reads histories, and what keeps metrics, is loaded when it is asked for. */
const earning = () => import('./earn.ts')
const keeper = () => import('./keep.ts')

/** Commands on what earns points, and on what ends by itself. */
export const earningCommands = (): Command[] => [
  rulesCommand(),
  earnCommand(),
  explainCommand(),
  keepCommand(),
]

const ofRules = (name: string, summary: string, description: string, example: string): Command =>
  new Command(name)
    .summary(summary)
    .description(description)
    .addHelpText('after', `\nExamples:\n  $ halyard points ${example}`)
    .addOption(configOption())
    .addOption(chainOption())

const rulesCommand = (): Command =>
  ofRules(
    'rules',
    'print what earns points',
    'Prints one line of JSON for each rule of the configuration, as it is understood.',
    'rules --config halyard.json',
  ).action(lazily(async () => (await earning()).showRules))

const earnCommand = (): Command =>
  ofRules(
    'earn',
    'earn points from what is indexed',
    'Compares what the rules give with what the ledger has: earns what is missing, takes back what is not on the chain any ' +
      'more, and confirms what is final. Run it as often as you like; it ends with 70 where points that were confirmed are ' +
      'not borne out by the chain any more.',
    'earn --config halyard.json',
  )
    .option('--actor <name>', 'who does it, for the record; the user of this machine unless given')
    .action(lazily(async () => (await earning()).earn))

const explainCommand = (): Command =>
  ofRules(
    'explain',
    'say why an account has earned',
    'Counts an earning again from the history, and prints the rule, what on the chain it stands on, and whether the two ' +
      'agree. Ends with 70 where they do not.',
    'explain earning/swaps:1:20700:0x5c50:0:v1.0',
  )
    .argument('<earning>', 'the id of an earning, as a statement shows it')
    .action(lazily(async () => (await earning()).explain))

const keepCommand = (): Command =>
  new Command('keep')
    .summary('earn, sweep and audit until it is stopped')
    .description(
      'Earns points as blocks are indexed, ends holds whose lease is over and points that are too old, and audits the whole ' +
        'ledger in the background, freezing accounts that are not what the log says. Serves /live, /ready and /metrics at ' +
        'points.keeper of the configuration. Several at once do nothing twice.',
    )
    .addHelpText('after', `\nExamples:\n  $ halyard points keep --config halyard.json`)
    .addOption(configOption())
    .option('--actor <name>', 'who does it, for the record; keeper unless given')
    .action(lazily(async () => (await keeper()).keep))
