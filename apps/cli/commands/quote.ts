import { Command, Option } from 'commander'
import {
  chainOption,
  configOption,
  parseAddressOption,
  parseAmount,
  parseBlock,
  parseWhole,
} from '#cli/options.ts'
import { quoteLine } from '#cli/quote/json.ts'
import { quoteTable } from '#cli/quote/table.ts'
import { readSettings, wireQuotes } from '#cli/wire.ts'
import type { Address } from '#core/chain.ts'
import type { TokenInfo, TokenReader } from '#core/tokens/ports.ts'
import { type Quote, type QuoteInput, SLIPPAGE_BPS_DEFAULT } from '#core/dex/quote.ts'
import { ALTERNATIVES_MAX, HOPS_DEFAULT, HOPS_MAX, PARTS_MAX } from '#core/dex/routing/request.ts'
import { type AppError, invalidField, isAppError } from '#core/errors.ts'
import { exitCodes } from '#faces/exit-code.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly in: Address
  readonly out: Address
  readonly amount: bigint
  readonly exactOut?: boolean
  readonly at?: number
  readonly maxHops?: number
  readonly maxParts?: number
  readonly slippageBps?: number
  readonly recipient?: Address
  readonly alternatives?: number
  readonly state?: 'live' | 'indexed'
  readonly json?: boolean
}

const BPS = 10_000

export const quoteCommand = (): Command =>
  new Command('quote')
    .summary('what a swap gives, to the wei')
    .description(
      'Finds the best route for a swap at one block and prints what it gives. Amounts are in raw units, the smallest ' +
        'ones of a token. Where there is no quote it says why, and exits with 3, or with 69 where the same may be answered ' +
        'later.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .requiredOption('--in <address>', 'the token that is sold', parseAddressOption)
    .requiredOption('--out <address>', 'the token that is bought', parseAddressOption)
    .requiredOption(
      '--amount <raw>',
      'how much is sold; with --exact-out, how much is bought',
      parseAmount,
    )
    .option('--exact-out', 'fix what is bought, and quote what it costs')
    .option('--at <block>', 'a past block that is indexed (default: the newest)', parseBlock)
    .option(
      '--max-hops <number>',
      `pools one after the other, from 1 to ${HOPS_MAX} (default: ${HOPS_DEFAULT})`,
      parseWhole(1, HOPS_MAX),
    )
    .option(
      '--max-parts <number>',
      `parts that the amount may be split into, from 1 to ${PARTS_MAX} (default: ${PARTS_MAX})`,
      parseWhole(1, PARTS_MAX),
    )
    .option(
      '--slippage-bps <number>',
      `how far the price may move, from 0 to ${BPS} (default: ${SLIPPAGE_BPS_DEFAULT})`,
      parseWhole(0, BPS),
    )
    .option(
      '--recipient <address>',
      'who is to receive what is bought: adds the transaction',
      parseAddressOption,
    )
    .option(
      '--alternatives <number>',
      `next best paths to explain, from 0 to ${ALTERNATIVES_MAX} (default: 0)`,
      parseWhole(0, ALTERNATIVES_MAX),
    )
    .addOption(
      new Option('--state <source>', 'states of the chain, or of the index').choices([
        'live',
        'indexed',
      ]),
    )
    .option('--json', 'print one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard quote --in 0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2 \\
      --out 0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48 --amount 1000000000000000000
  $ halyard quote --in 0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48 \\
      --out 0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2 --amount 1000000000000000000 --exact-out --json
  $ halyard quote --in 0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48 \\
      --out 0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2 --amount 2500000000 --at 19000000 --alternatives 3`,
    )
    .action(run)

async function run(options: Options): Promise<void> {
  const input = toInput(options)
  const settings = readSettings(options.config, options.chain)
  await using app = await wireQuotes(settings)
  const outcome = await app.quoter.quote(input).catch(nameOption)
  if (outcome.status !== 'filled') {
    // That a node is away or busy says nothing about the swap: the same may be answered later.
    const isLater = outcome.status === 'unavailable' || outcome.status === 'busy'
    process.exitCode = isLater ? exitCodes.unavailable : exitCodes.refused
    if (options.json) process.stdout.write(`${quoteLine(outcome)}\n`)
    else process.stderr.write(`halyard: no quote (${outcome.status}): ${outcome.reason}\n`)
    return
  }
  const tokens = await readTokens(app.tokens, outcome)
  process.stdout.write(
    options.json ? `${quoteLine(outcome, tokens)}\n` : quoteTable(outcome, tokens),
  )
}

function toInput(options: Options): QuoteInput {
  if (options.in === options.out) throw refused('out', 'the same token as --in; name another one')
  if (options.at !== undefined && options.state !== undefined)
    throw refused('state', 'a past block has one state only; leave out either --at or --state')
  const { at, maxHops, maxParts, slippageBps, recipient, alternatives, state } = options
  return {
    tokenIn: options.in,
    tokenOut: options.out,
    exact: options.exactOut ? 'out' : 'in',
    amountRaw: options.amount,
    ...(at !== undefined && { at }),
    ...(maxHops !== undefined && { maxHops }),
    ...(maxParts !== undefined && { maxParts }),
    ...(slippageBps !== undefined && { slippageBps }),
    ...(recipient !== undefined && { recipient }),
    ...(alternatives !== undefined && { alternatives }),
    ...(state !== undefined && { state }),
  }
}

const refused = (option: string, message: string, cause?: unknown): AppError =>
  invalidField(`--${option}`, message, {}, cause)

const optionOf: Readonly<Record<string, string>> = {
  tokenIn: 'in',
  tokenOut: 'out',
  amount: 'amount',
  at: 'at',
  state: 'state',
  maxHops: 'max-hops',
  maxParts: 'max-parts',
  slippageBps: 'slippage-bps',
  recipient: 'recipient',
  alternatives: 'alternatives',
}

/** What only the quoter knows to be wrong, such as a block that is not indexed, in the words of the command. */
function nameOption(error: unknown): never {
  if (!isAppError(error, 'invalid')) throw error
  const field = String(error.details.field)
  const option = optionOf[field]
  if (option === undefined) throw error
  throw refused(option, error.details.rule ?? error.message, error)
}

/** What is known of the tokens of a quote. */
async function readTokens(
  tokens: TokenReader,
  { legs, tokenIn, tokenOut }: Quote,
): Promise<ReadonlyMap<Address, TokenInfo>> {
  const passed = legs.flatMap(({ hops }) => hops.map((hop) => hop.tokenOut))
  const infos = await tokens.read([...new Set([tokenIn, tokenOut, ...passed])])
  return new Map(infos.map((info) => [info.address, info]))
}
