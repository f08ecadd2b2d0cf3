import { InvalidArgumentError, Option } from 'commander'
import { type Address, addressFault, isHash, type BlockRange } from '#core/chain.ts'
import { INT256_MAX } from '#core/dex/protocols/rounding.ts'

/** `--config F`, which every command that touches a store or a chain takes. */
export const configOption = (): Option =>
  new Option('-c, --config <file>', 'the configuration file').default('halyard.json')

/** `--chain N`, which every command takes that is about one chain. */
export const chainOption = (): Option =>
  new Option('--chain <name>', 'the chain, by name or id; the default one unless given')

/** A block number. */
export function parseBlock(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('not a block number.')
  return Number(text)
}

const RANGE = /^(\d{1,15})(?:-(\d{1,15}))?$/

/** `10-20,30-30,45`: both ends included. */
export function parseRanges(text: string): BlockRange[] {
  return text.split(',').map((part) => {
    const match = RANGE.exec(part.trim())
    if (!match)
      throw new InvalidArgumentError(`"${part}" is not a range of blocks; write 100-200 or 100.`)
    const from = Number(match[1])
    const to = Number(match[2] ?? match[1])
    if (from > to)
      throw new InvalidArgumentError(`the range ${part} is inverted; write ${to}-${from}.`)
    return { from, to }
  })
}

/** `--ranges L` of what reads blocks of a chain. */
export const rangesOption = (): Option =>
  new Option(
    '--ranges <list>',
    'only these blocks, both ends included, e.g. 100-200,300',
  ).argParser(parseRanges)

/** `--to N` likewise. */
export const toOption = (): Option =>
  new Option('--to <block>', 'nothing above this block').argParser(parseBlock)

export function parseAddressOption(text: string): Address {
  const fault = addressFault(text)
  if (fault !== undefined) throw new InvalidArgumentError(`${fault}.`)
  return text.toLowerCase() as Address
}

/** An id of Discord. */
export function parseSnowflake(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text
  throw new InvalidArgumentError('not an id of Discord, in decimal digits.')
}

/** A pool: an address, or of Uniswap V4 the 32 bytes that name it. */
export const parsePoolOption = (text: string): Address =>
  isHash(text) ? (text.toLowerCase() as Address) : parseAddressOption(text)

/** An amount in raw units: the smallest ones of the token. */
export function parseAmount(text: string): bigint {
  if (!/^\d{1,200}$/.test(text))
    throw new InvalidArgumentError('not a whole number of raw units in decimal digits.')
  const amount = BigInt(text)
  if (amount === 0n) throw new InvalidArgumentError('it must be more than 0.')
  if (amount > INT256_MAX)
    throw new InvalidArgumentError('more than 2^255 - 1, which is all that pools count.')
  return amount
}

/** Parses whole numbers of a range, both ends included. */
export const parseWhole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`not a whole number from ${min} to ${max}.`)
  }
