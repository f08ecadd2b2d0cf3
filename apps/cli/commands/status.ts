import { Command } from 'commander'
import { configOption } from '#cli/options.ts'
import { readDeployment, readSettings, wireHistory } from '#cli/wire.ts'
import { isAppError } from '#core/errors.ts'
import { currentView } from '#core/history/at-head.ts'
import { combineDigest } from '#core/history/digest.ts'
import { finalBlockOf } from '#core/history/final-block.ts'
import type { View } from '#core/history/head.ts'
import { countLevels, PROOF_LEVELS, weakestOf } from '#core/history/proof.ts'
import { exitCodeOf } from '#faces/exit-code.ts'
import type { Settings } from '#wiring/settings.ts'
import { sha256 } from '#wiring/system.ts'

type Options = { readonly config: string; readonly chain?: string; readonly json?: boolean }

export const statusCommand = (): Command =>
  new Command('status')
    .summary('print where the history stands, and how it was proven')
    .description(
      'Prints the newest block of the history, the newest one that is final, which blocks are indexed, and what stands ' +
        'for their logs: receipts, a bloom, or the word of the nodes. Needs no node. Where the configuration has several ' +
        'chains it tells of each.',
    )
    .addOption(configOption())
    .option('--chain <name>', 'only this chain, by name or id')
    .option('--json', 'print it as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard status --config halyard.json
  $ halyard status --chain base
  $ halyard status --json`,
    )
    .action(run)

async function run({ config, chain, json }: Options): Promise<void> {
  const { chains } = readDeployment(config)
  const [only] = chain === undefined ? chains : [readSettings(config, chain)]
  if (only && (chains.length === 1 || chain !== undefined)) {
    const head = await headOf(only)
    if (json === true) process.stdout.write(`${JSON.stringify(statusOf(head))}\n`)
    else for (const line of linesOf(head)) process.stdout.write(`${line}\n`)
    return
  }
  await printAll(chains, json === true)
}

async function headOf(settings: Settings): Promise<View['head']> {
  await using app = await wireHistory(settings)
  return (await currentView(app.history.views)).head
}

/** Each chain with its name, one that cannot be read with the reason: it does not hide the others. */
async function printAll(chains: readonly Settings[], isJson: boolean): Promise<void> {
  const all: object[] = []
  for (const settings of chains) {
    const { name, id: chainId } = settings.chain
    let lines: string[]
    try {
      // oxlint-disable-next-line no-await-in-loop -- each store is open for as long as it is read
      const head = await headOf(settings)
      all.push({ name, ...statusOf(head) })
      lines = linesOf(head)
    } catch (error) {
      if (!isAppError(error)) throw error
      process.exitCode = exitCodeOf(error)
      all.push({ name, chainId, failure: error.message })
      lines = [`chain ${chainId}: ${error.message}`]
    }
    if (!isJson) for (const line of lines) process.stdout.write(`${name}: ${line}\n`)
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ chains: all })}\n`)
}

const statusOf = (head: View['head']) => ({
  chainId: head.chainId,
  block: { number: head.number, hash: head.hash, timestamp: head.timestamp },
  finalized: finalBlockOf(head),
  digest: combineDigest(sha256, head.digest),
  coverage: head.coverage,
  proofLevel: weakestOf(head.proof) ?? null,
  proof: head.proof,
})

function linesOf(head: View['head']): string[] {
  const { chainId, block, finalized, digest, coverage, proof } = statusOf(head)
  const counts = countLevels(proof)
  return [
    `chain ${chainId}, block ${block.number} ${block.hash} of ${new Date(block.timestamp * 1_000).toISOString()}`,
    `final up to ${finalized ?? 'none of its blocks'}`,
    `digest ${digest}`,
    ...coverage.map(({ from, to }) => `indexed ${from}-${to}`),
    ...PROOF_LEVELS.filter((level) => counts[level] > 0).map((level) => {
      const ranges = proof.filter((range) => range.level === level)
      const where = ranges.map(({ from, to }) => `${from}-${to}`).join(', ')
      return `proven by ${WORDS[level]}: ${counts[level]} blocks (${where})`
    }),
  ]
}

/** What stands for logs, for people. */
const WORDS = {
  unverified: 'nothing that is known (unverified)',
  linked: 'their headers alone (linked)',
  bloom: 'bloom',
  receipts: 'receipts',
} as const
