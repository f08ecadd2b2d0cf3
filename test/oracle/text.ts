/** All that a reader can see at one head, as lines of text, sorted. */
export type Everything = { readonly documents: string[]; readonly events: string[] }

/** Values never change, and a simulation asks for the same ones again and again. */
const texts = new WeakMap<object, string>()

/** A value as text: fields in alphabetical order, bigints as decimal digits with an `n`. */
function textOf(value: object): string {
  const known = texts.get(value)
  if (known !== undefined) return known
  const fields = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const text = `{${fields.map(([name, each]) => `"${name}":${partText(each)}`).join(',')}}`
  texts.set(value, text)
  return text
}

/** By hand, since a simulation writes millions of them: JSON with a replacer takes longer. */
function partText(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}n"`
  if (Array.isArray(value)) return `[${value.map(partText).join(',')}]`
  return typeof value === 'object' && value !== null ? textOf(value) : JSON.stringify(value)
}

/** The line of a document of a kind. */
export const documentLine = (kind: string, value: object): string => `${kind} ${textOf(value)}`

/** Where an event stands, and what it says. */
export type EventLine = {
  readonly block: { readonly number: number; readonly hash: string; readonly timestamp: number }
  readonly logIndex: number
  readonly transactionHash: string
  readonly address: string
  readonly body: object
}

/** The line of an event. */
export const eventLine = ({ block, logIndex, transactionHash, address, body }: EventLine): string =>
  `${block.number} ${block.hash} ${block.timestamp} ${logIndex} ${transactionHash} ${address} ${textOf(body)}`

export const sorted = ({ documents, events }: Everything): Everything => ({
  documents: documents.toSorted(),
  events: events.toSorted(),
})
