import { InvalidArgumentError, Option } from 'commander'
import type { BlockRange } from '#core/chain.ts'

/** `--config F`, which every command that touches a store or a chain takes. */
export const configOption = (): Option =>
  new Option('-c, --config <file>', 'the configuration file').default('halyard.json')

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
