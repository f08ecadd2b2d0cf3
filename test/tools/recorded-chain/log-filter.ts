import type { RpcLog } from './recording.ts'
import { invalidParams } from './rpc-error.ts'

export const HASH = /^0x[0-9a-f]{64}$/i
const ADDRESS = /^0x[0-9a-f]{40}$/i
const TOPICS_MAX = 4

export const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/**
 * The test of `address` and `topics`. As in go-ethereum, a log with fewer topics than the filter has places does not
 * match, even where those places allow anything, and an empty list of alternatives allows anything.
 */
export function createLogTest(filter: Readonly<Record<string, unknown>>): (log: RpcLog) => boolean {
  const addresses = alternatives(filter.address, ADDRESS, 'address')
  const places = isGiven(filter.topics) ? filter.topics : []
  if (!Array.isArray(places)) throw invalidParams('invalid argument 0: topics')
  if (places.length > TOPICS_MAX) throw invalidParams('exceed max topics')
  const topics = places.map((place) => alternatives(place, HASH, 'topic'))
  return (log) =>
    (!addresses || addresses.has(log.address)) &&
    topics.length <= log.topics.length &&
    topics.every((allowed, place) => !allowed || allowed.has(log.topics[place] as string))
}

/** Undefined where anything is allowed. */
function alternatives(value: unknown, form: RegExp, name: string): Set<string> | undefined {
  if (!isGiven(value)) return undefined
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || list.includes(null)) return undefined
  return new Set(
    list.map((item) => {
      if (typeof item !== 'string' || !form.test(item))
        throw invalidParams(`invalid argument 0: ${JSON.stringify(item)} is not a valid ${name}`)
      return item.toLowerCase()
    }),
  )
}
