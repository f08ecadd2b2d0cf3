import { formatRatio } from '#core/amount.ts'
import type { Address } from '#core/chain.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import type { Confirmation, Quote, QuotedLeg } from '#core/dex/quote.ts'

type Tokens = ReadonlyMap<Address, TokenInfo>

/** A quote for people: amounts in whole tokens where their decimals are known, and in raw units. */
export function quoteTable(quote: Quote, tokens: Tokens): string {
  const { tokenIn, tokenOut, exact } = quote
  const quoted = exact === 'in' ? tokenOut : tokenIn
  const facts: Row[] = [
    ['block', `${quote.block.number} ${quote.block.hash} (${quote.stateSource} states)`],
    ['sold', amountText(quote.amountIn, tokenIn, tokens)],
    ...(quote.amountInConsumed === quote.amountIn
      ? []
      : [row('consumed', amountText(quote.amountInConsumed, tokenIn, tokens))]),
    ['bought', amountText(quote.amountOut, tokenOut, tokens)],
    ...(quote.minimumReceived === null
      ? []
      : [row('at least', limitText(quote.minimumReceived, tokenOut, quote, tokens))]),
    ...(quote.maximumSent === null
      ? []
      : [row('at most', limitText(quote.maximumSent, tokenIn, quote, tokens))]),
    ['price', priceText(quote.executionPrice, quote, tokens)],
    ['mid price', priceText(quote.midPrice, quote, tokens)],
    ['impact', percent(quote.priceImpactBps)],
    ['LP fee', percent(quote.lpFeeBps)],
    ['tax', taxText(quote)],
    ['gas', gasText(quote, quoted, tokens)],
    ['confirmation', confirmationText(quote.confirmation, quote, tokens)],
    ...(quote.transaction
      ? [row('transaction', `to ${quote.transaction.to}, data ${quote.transaction.data}`)]
      : []),
    ...quote.warnings.map(({ code, message }) => row('warning', `${code}: ${message}`)),
  ]
  const lines = [
    `${symbolOf(tokenIn, tokens)} -> ${symbolOf(tokenOut, tokens)}, exact ${exact}`,
    '',
    ...aligned(facts),
    '',
    'route',
    ...quote.legs.flatMap((leg) => legLines(leg, tokens)),
    ...alternativeLines(quote, quoted, tokens),
  ]
  return `${lines.join('\n')}\n`
}

type Row = readonly [name: string, text: string]
const row = (name: string, text: string): Row => [name, text]

function aligned(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`)
}

/** `60.00 %  600 USDC (600000000 raw) -> 0.25 WETH (…)`, and a line for each pool. */
function legLines({ shareBps, amountIn, amountOut, hops }: QuotedLeg, tokens: Tokens): string[] {
  const [first, last] = [hops[0], hops.at(-1)]
  if (!first || !last) return []
  const share = percent(shareBps).padStart(8)
  const sold = amountText(amountIn, first.tokenIn, tokens)
  const bought = amountText(amountOut, last.tokenOut, tokens)
  return [
    `${share}  ${sold} -> ${bought}`,
    ...hops.map(({ pool, tokenIn, tokenOut, ticksCrossed }) => {
      const ticks = ticksCrossed === 0 ? '' : `, ${ticksCrossed} ticks crossed`
      const symbols = `${symbolOf(tokenIn, tokens)} -> ${symbolOf(tokenOut, tokens)}`
      return `${' '.repeat(10)}${poolText(pool)} ${pool.id}  ${symbols}${ticks}`
    }),
  ]
}

function alternativeLines(
  { alternatives, exact }: Quote,
  quoted: Address,
  tokens: Tokens,
): string[] {
  if (alternatives.length === 0) return []
  const verb = exact === 'in' ? 'gives' : 'costs'
  const worse = exact === 'in' ? 'less' : 'more'
  return [
    '',
    'alternatives, and what they lose after gas',
    ...alternatives.map(({ pools, amountIn, amountOut, loss }, index) => {
      const amount = exact === 'in' ? amountOut : amountIn
      const path = pools.map((pool) => `${poolText(pool)} ${pool.id}`).join(' > ')
      const result = `${verb} ${amountText(amount, quoted, tokens)}, ${amountText(loss, quoted, tokens)} ${worse}`
      return `${`${index + 1}.`.padStart(8)}  ${result}: ${path}`
    }),
  ]
}

const PIPS_PER_PERCENT = 10_000n

/** `uniswap-v3 0.05 %` */
const poolText = ({ protocol, feePips }: PoolTerms): string =>
  `${protocol} ${decimal(BigInt(feePips), PIPS_PER_PERCENT)} %`

/** `1.5 WETH (1500000000000000000 raw)` */
function amountText(amount: bigint, token: Address, tokens: Tokens): string {
  const info = tokens.get(token)
  if (info?.decimals == null) return `${amount} raw units of ${symbolOf(token, tokens)}`
  return `${decimal(amount, 10n ** BigInt(info.decimals))} ${symbolOf(token, tokens)} (${amount} raw)`
}

const limitText = (
  amount: bigint,
  token: Address,
  { slippageBps }: Quote,
  tokens: Tokens,
): string => `${amountText(amount, token, tokens)}, slippage ${percent(slippageBps)}`

/** Both ways round; of raw units where the decimals of a token are not known. */
function priceText(price: Rational, { tokenIn, tokenOut }: Quote, tokens: Tokens): string {
  const { numerator, denominator } = price
  if (numerator === 0n || denominator === 0n) return 'none'
  const [sold, bought] = [tokens.get(tokenIn)?.decimals, tokens.get(tokenOut)?.decimals]
  const [nameIn, nameOut] = [symbolOf(tokenIn, tokens), symbolOf(tokenOut, tokens)]
  const isKnown = sold != null && bought != null
  const over = isKnown ? numerator * 10n ** BigInt(sold) : numerator
  const under = isKnown ? denominator * 10n ** BigInt(bought) : denominator
  const unit = isKnown ? '' : ' (raw units)'
  const forward = `${formatRatio(over, under, PRICE_DIGITS)} ${nameOut} per ${nameIn}`
  const back = `${formatRatio(under, over, PRICE_DIGITS)} ${nameIn} per ${nameOut}`
  return `${forward}, ${back}${unit}`
}

const PRICE_DIGITS = 10

function taxText({ taxInBps, taxOutBps }: Quote): string {
  if (taxInBps === 0 && taxOutBps === 0) return 'none'
  const side = (bps: number | null): string => (bps === null ? 'not known' : percent(bps))
  return `sold ${side(taxInBps)}, bought ${side(taxOutBps)}`
}

const gasText = ({ gas, gasCost }: Quote, quoted: Address, tokens: Tokens): string =>
  gasCost === null ? `${gas}` : `${gas}, which costs ${amountText(gasCost, quoted, tokens)}`

function confirmationText(
  confirmation: Confirmation,
  { tokenIn, tokenOut }: Quote,
  tokens: Tokens,
): string {
  switch (confirmation.status) {
    case 'confirmed':
      return `confirmed on the chain by the ${confirmation.by}, with ${confirmation.gas} gas`
    case 'differs': {
      const { amountIn, amountOut } = confirmation.executed
      const sold = amountText(amountIn, tokenIn, tokens)
      return `DIFFERS: the chain takes ${sold} and gives ${amountText(amountOut, tokenOut, tokens)}`
    }
    case 'unconfirmed':
      return confirmation.cause === 'reverted'
        ? `REVERTS: ${confirmation.reason}`
        : `unconfirmed: ${confirmation.reason}`
    default:
      return confirmation satisfies never
  }
}

const symbolOf = (token: Address, tokens: Tokens): string => tokens.get(token)?.symbol ?? token

const BPS_PER_PERCENT = 100

const percent = (bps: number): string => `${(bps / BPS_PER_PERCENT).toFixed(2)} %`

/** A fraction whose denominator is a power of ten, all of its digits. */
function decimal(numerator: bigint, denominator: bigint): string {
  const places = denominator.toString().length - 1
  const text = numerator.toString().padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  const fraction = text.slice(text.length - places).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
