import type { Hash, Hex } from '#core/chain.ts'
import { LogBytes, type LogData } from '#core/indexing/log-data.ts'
import type { RawLog } from '#core/indexing/ports.ts'

/** Logs that were read from an answer's bytes, as `toReceiptLog` would have made them of its JSON; their data are bytes. */
export class ReadLogs {
  readonly logs: RawLog[]
  constructor(logs: RawLog[]) {
    this.logs = logs
  }
}

/**
 * Reads an answer to `eth_getLogs` without making objects of its JSON: most of a log's text says again what the log
 * before it said, and what does is neither copied nor made a string of once more. Removed logs are left out.
 *
 * @param bytes JSON in UTF-8
 * @returns undefined for everything but a list of whole logs: an error, a field of another type, or one that is escaped,
 *   an incomplete answer. Who reads it as JSON then can say what is wrong. Fields that nobody asks for may be anything
 */
export const readLogAnswer = (bytes: Buffer): Read<ReadLogs> | undefined =>
  readAnswer(bytes, (reader) => new ReadLogs(reader.logs(true)))

/**
 * Reads an answer to `eth_getBlockReceipts` likewise: most of it are the logs.
 *
 * @returns receipts as `toReceipt` takes them; undefined as for logs, and where a removed log is among them
 */
export const readReceiptsAnswer = (bytes: Buffer): Read<object[]> | undefined =>
  readAnswer(bytes, (reader) => reader.receipts())

type Read<T> = { readonly id: unknown; readonly result: T }

function readAnswer<T>(bytes: Buffer, read: (reader: AnswerReader) => T): Read<T> | undefined {
  try {
    return new AnswerReader(bytes).answer(read)
  } catch (error) {
    if (error === OTHER_FORM) return undefined
    throw error
  }
}

const OTHER_FORM = new Error('not a list of plain logs')

const code = (character: string): number => character.charCodeAt(0)
const [QUOTE, BACKSLASH, COLON, COMMA] = [code('"'), code('\\'), code(':'), code(',')]
const [OPEN_OBJECT, CLOSE_OBJECT] = [code('{'), code('}')]
const [OPEN_LIST, CLOSE_LIST] = [code('['), code(']')]
const [ZERO, LOWER_X, LOWER_U] = [code('0'), code('x'), code('u')]
/** What may follow a backslash, beside `u`. */
const ESCAPED: ReadonlySet<number> = new Set(Array.from('"\\/bfnrt', code))
const SPACES: ReadonlySet<number> = new Set([' ', '\t', '\n', '\r'].map(code))
/** Bytes that are no text by themselves: control characters, and all that is not ASCII. */
const isPlain = (byte: number): boolean => byte >= 0x20 && byte < 0x7f

/** The value of a hex digit, and 16 more where it is in upper case; `NO_DIGIT` for all other bytes. */
const digits = new Uint8Array(256).fill(255)
const NO_DIGIT = 32
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16)
  digits[code(digit.toUpperCase())] = value + 16
  digits[code(digit)] = value
}

/** The byte that two hex digits are, by the two characters as one number, the first the lower; -1 where they are no digits. */
const pairs = new Int16Array(1 << 16).fill(-1)
const hexDigits = Array.from('0123456789abcdefABCDEF')
for (const high of hexDigits)
  for (const low of hexDigits)
    pairs[code(high) | (code(low) << 8)] = Number.parseInt(high + low, 16)

/** Eight zeros as the float of the same bits, which equals no other eight bytes. Most digits of the data of logs are. */
const EIGHT_ZEROS = new DataView(new Uint8Array(8).fill(ZERO).buffer).getFloat64(0)

const fields = [
  'address',
  'topics',
  'data',
  'blockNumber',
  'blockHash',
  'transactionHash',
  'transactionIndex',
  'logIndex',
] as const
/** Their places in the list above, and what else is looked at. */
const [ADDRESS, TOPICS, DATA, BLOCK_NUMBER, BLOCK_HASH, TX_HASH, TX_INDEX, LOG_INDEX] = [
  0, 1, 2, 3, 4, 5, 6, 7,
]
const [REMOVED, UNKNOWN] = [8, 31]
const KNOWN_PLACES = ~(1 << UNKNOWN)
const ALL_FIELDS = (1 << fields.length) - 1
/** What a log says of its transaction. */
const OF_TRANSACTION = (1 << BLOCK_NUMBER) | (1 << BLOCK_HASH) | (1 << TX_HASH) | (1 << TX_INDEX)

/**
 * What stood in a log between its data and its index, the name of the index included, where that was just what it said of
 * its transaction: the next log of the transaction says it in the same bytes.
 */
type Between = {
  readonly at: number
  readonly length: number
  /** How many members there were before it, and with it. */
  readonly first: number
  readonly next: number
  readonly blockHash: KnownText
  readonly transactionHash: KnownText
  readonly blockNumber: number
  readonly transactionIndex: number
}
/** What `toReceipt` looks at. */
const receiptFields = [
  'logs',
  'transactionHash',
  'transactionIndex',
  'type',
  'status',
  'root',
  'cumulativeGasUsed',
  'logsBloom',
  'depositReceiptVersion',
  'depositNonce',
  'baseFee',
] as const
const LOGS = 0

/**
 * ASCII that is likely to come again, eight characters at a time as the floats of the same bits: such floats are normal
 * numbers, and equal to no others. `last`: the last eight characters, some of them once more; of less, all of them.
 */
type KnownBytes = {
  readonly length: number
  readonly words: Float64Array
  readonly last: number
  readonly few: Uint8Array
}

function knownBytes(bytes: Buffer): KnownBytes {
  const { length } = bytes
  const isShort = length < 8
  return {
    length,
    words: Float64Array.from({ length: length >> 3 }, (_, index) => bytes.readDoubleLE(index * 8)),
    last: isShort ? 0 : bytes.readDoubleLE(length - 8),
    few: Uint8Array.from(isShort ? bytes : []),
  }
}

/** A name with its quotes and colon, as a node writes it. */
type KnownName = { readonly bytes: KnownBytes; readonly place: number }

/** The names of an object in the order of the one before it: a node writes them all alike. */
type KnownNames = { readonly places: ReadonlyMap<string, number>; order: KnownName[] }
/** Values in values that are gone over; what is deeper is left to JSON. */
const SKIPPED_DEPTH_MAX = 16

/** Of a longer object the rest is looked up name by name. */
const ORDER_MAX = 32
/** With its quotes and colon, and whatever room a node leaves between. Longer ones are not kept: they outlast the answer. */
const NAME_BYTES_MAX = 64

const namesOf = (names: readonly string[]): KnownNames => ({
  places: new Map(names.map((name, place) => [name, place])),
  order: [],
})
const namesOfLog = namesOf([...fields, 'removed'])
const namesOfReceipt = namesOf(receiptFields)

const ADDRESS_LENGTH = 42
const WORD_LENGTH = 66
/** A quantity of more digits may be no safe integer. */
const QUANTITY_DIGITS_MAX = 13

/** A text that comes again and again, by some of its digits. */
type KnownText = { readonly bytes: KnownBytes; readonly text: Hex; readonly alone: readonly Hex[] }
const KNOWN_TEXTS_SHIFT = 20
const KNOWN_TEXTS = 2 ** (32 - KNOWN_TEXTS_SHIFT)
/** Spreads numbers over those of 32 bits by multiplication: the golden ratio of them. */
const SPREAD = 0x9e3779b1
/** One of the same digits takes the place of the other. */
const knownTexts: (KnownText | undefined)[] = Array.from({ length: KNOWN_TEXTS })

/** The data of many logs share the memory of so many bytes. */
const SHARED_BYTES = 256 * 1024

const FALSE = knownBytes(Buffer.from('false'))

const noHash: KnownText = { bytes: knownBytes(Buffer.alloc(0)), text: '0x', alone: [] }
const nothingBetween: Between = {
  at: 0,
  length: 0,
  first: -1,
  next: 0,
  blockHash: noHash,
  transactionHash: noHash,
  blockNumber: 0,
  transactionIndex: 0,
}

class AnswerReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0
  #blockHash = noHash
  #transactionHash = noHash
  #between = nothingBetween
  #data = new Uint8Array()
  #dataView = new DataView(this.#data.buffer)
  #dataAt = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  answer<T>(read: (reader: AnswerReader) => T): Read<T> {
    let id: unknown
    let result: T | undefined
    this.#open(OPEN_OBJECT)
    do {
      const name = this.#name()
      if (name === 'result') result = read(this)
      else if (name === 'id') id = this.#scalar()
      else if (name === 'jsonrpc') this.#scalar()
      // Some nodes tell beside a result that there is no error.
      else if (name !== 'error' || this.#scalar() !== null) throw OTHER_FORM
    } while (this.#goesOn(CLOSE_OBJECT))
    this.#skipSpaces()
    if (result === undefined || this.#at !== this.#bytes.length) throw OTHER_FORM
    return { id, result }
  }

  /** @param isWithoutRemoved whether logs that a reorg took back are left out; else they are of another form */
  logs(isWithoutRemoved: boolean): RawLog[] {
    const logs: RawLog[] = []
    if (this.#isEmptyList()) return logs
    do {
      const log = this.#log()
      if (log) logs.push(log)
      else if (!isWithoutRemoved) throw OTHER_FORM
    } while (this.#goesOn(CLOSE_LIST))
    return logs
  }

  receipts(): object[] {
    const receipts: object[] = []
    if (this.#isEmptyList()) return receipts
    do receipts.push(this.#receipt())
    while (this.#goesOn(CLOSE_LIST))
    return receipts
  }

  #receipt(): object {
    const receipt: Record<string, unknown> = {}
    let index = 0
    this.#open(OPEN_OBJECT)
    do {
      const place = this.#place(namesOfReceipt, index++)
      if (place === UNKNOWN) this.#skip()
      else
        receipt[receiptFields[place] as string] =
          place === LOGS ? new ReadLogs(this.logs(false)) : this.#scalar()
    } while (this.#goesOn(CLOSE_OBJECT))
    return receipt
  }

  /** Undefined for a log that a reorg took back. */
  #log(): RawLog | undefined {
    let address: Hex = '0x'
    let data: LogData = '0x'
    let topics: readonly Hash[] = []
    let [blockNumber, transactionIndex, logIndex] = [0, 0, 0]
    let isRemoved = false
    let seen = 0
    let index = 0
    /** Where the data end, how many members there were until then, and which there were since. */
    let [dataEnd, dataIndex, seenSince] = [0, 0, 0]
    this.#open(OPEN_OBJECT)
    do {
      const place = this.#place(namesOfLog, index++)
      if (place === ADDRESS) address = this.#known(ADDRESS_LENGTH).text
      else if (place === TOPICS) topics = this.#topics()
      else if (place === DATA) {
        data = this.#bytesOfHex()
        dataEnd = this.#at
        dataIndex = index
        seenSince = 0
        const between = this.#between
        if (between.first === index && this.#hasAgain(between)) {
          ;({ next: index, blockNumber, transactionIndex } = between)
          this.#blockHash = between.blockHash
          this.#transactionHash = between.transactionHash
          logIndex = this.#quantity()
          seen |= OF_TRANSACTION | (1 << LOG_INDEX)
        }
      } else if (place === BLOCK_NUMBER) blockNumber = this.#quantity()
      else if (place === BLOCK_HASH) this.#blockHash = this.#same(this.#blockHash)
      else if (place === TX_HASH) this.#transactionHash = this.#same(this.#transactionHash)
      else if (place === TX_INDEX) transactionIndex = this.#quantity()
      else if (place === LOG_INDEX) {
        if ((seenSince & KNOWN_PLACES) === OF_TRANSACTION)
          this.#between = {
            at: dataEnd,
            length: this.#at - dataEnd,
            first: dataIndex,
            next: index,
            blockHash: this.#blockHash,
            transactionHash: this.#transactionHash,
            blockNumber,
            transactionIndex,
          }
        logIndex = this.#quantity()
      } else if (place === REMOVED) isRemoved = this.#isTrue()
      else this.#skip()
      seen |= 1 << place
      if (place !== DATA) seenSince |= 1 << place
    } while (this.#goesOn(CLOSE_OBJECT))
    if (isRemoved) return undefined
    if ((seen & ALL_FIELDS) !== ALL_FIELDS) throw OTHER_FORM
    return {
      address,
      topics,
      data,
      blockNumber,
      blockHash: this.#blockHash.text,
      transactionHash: this.#transactionHash.text,
      transactionIndex,
      logIndex,
    }
  }

  /** Whether the same bytes come next; goes behind them. */
  #hasAgain({ at, length }: Between): boolean {
    const view = this.#view
    const here = this.#at
    const last = length - 8
    if (here + length > view.byteLength) return false
    // Texts without zero bytes: where their floats are equal, they are. Ones that are no numbers are read once more.
    for (let offset = 0; offset < last; offset += 8)
      if (view.getFloat64(at + offset, true) !== view.getFloat64(here + offset, true)) return false
    if (view.getFloat64(at + last, true) !== view.getFloat64(here + last, true)) return false
    this.#at = here + length
    return true
  }

  #topics(): readonly Hash[] {
    if (this.#isEmptyList()) return []
    const first = this.#known(WORD_LENGTH)
    if (!this.#goesOn(CLOSE_LIST)) return first.alone
    const second = this.#known(WORD_LENGTH).text
    if (!this.#goesOn(CLOSE_LIST)) return [first.text, second]
    const third = this.#known(WORD_LENGTH).text
    // A list that grows takes room for many more.
    if (!this.#goesOn(CLOSE_LIST)) return [first.text, second, third]
    const topics = [first.text, second, third, this.#known(WORD_LENGTH).text]
    while (this.#goesOn(CLOSE_LIST)) topics.push(this.#known(WORD_LENGTH).text)
    return topics
  }

  #bytesOfHex(): LogData {
    const start = this.#hexBegins()
    const [view, data] = [this.#view, this.#dataView]
    let at = start + 2
    let to = this.#dataAt
    // As far as both the answer and the memory reach.
    const turns = Math.min((view.byteLength - at) >> 3, (data.byteLength - to) >> 2)
    for (let turn = 0; turn < turns; turn++) {
      // Memory is given empty.
      if (view.getFloat64(at, true) !== EIGHT_ZEROS) {
        const first = pairs[view.getUint16(at, true)] as number
        const second = pairs[view.getUint16(at + 2, true)] as number
        const third = pairs[view.getUint16(at + 4, true)] as number
        const fourth = pairs[view.getUint16(at + 6, true)] as number
        if ((first | second | third | fourth) < 0) break
        data.setInt32(to, first | (second << 8) | (third << 16) | (fourth << 24), true)
      }
      at += 8
      to += 4
    }
    return this.#restOfHex(start, at, to)
  }

  /** @param at behind the digits that are written, up to `to` of the memory at hand */
  #restOfHex(start: number, at: number, to: number): LogData {
    const bytes = this.#bytes
    let begin = this.#dataAt
    let written = to
    let next = at
    for (;;) {
      if (bytes[next] === QUOTE) break
      if (written === this.#data.length) {
        this.#share(begin, written)
        written -= begin
        begin = 0
      }
      const byte =
        next + 1 < bytes.length ? (pairs[this.#view.getUint16(next, true)] as number) : -1
      if (byte < 0) {
        this.#data.fill(0, begin, written)
        return this.#oddData(start)
      }
      this.#data[written++] = byte
      next += 2
    }
    this.#at = next + 1
    this.#dataAt = written
    return new LogBytes(this.#dataView, begin, written - begin)
  }

  /** Takes new memory for data, with what is written of those at hand. */
  #share(begin: number, written: number): void {
    const size = Math.max(Math.min(SHARED_BYTES, this.#bytes.length >> 1), 4 * (written - begin), 2)
    const fresh = new Uint8Array(size)
    fresh.set(this.#data.subarray(begin, written))
    this.#data = fresh
    this.#dataView = new DataView(fresh.buffer)
  }

  /** Digits that are no whole bytes stay text; decoding says what is wrong with them. */
  #oddData(start: number): Hex {
    let at = start + 2
    let all = 0
    for (;;) {
      const digit = digits[this.#bytes[at] as number] as number
      if (!(digit < NO_DIGIT)) break
      all |= digit
      at++
    }
    if (this.#bytes[at] !== QUOTE) throw OTHER_FORM
    this.#at = at + 1
    return this.#lowerCase(start, at, all)
  }

  #quantity(): number {
    const start = this.#hexBegins() + 2
    let at = start
    let number = 0
    for (;;) {
      const digit = digits[this.#bytes[at] as number] as number
      if (!(digit < NO_DIGIT)) break
      number = number * 16 + (digit & 15)
      at++
    }
    if (this.#bytes[at] !== QUOTE || at === start || at - start > QUANTITY_DIGITS_MAX)
      throw OTHER_FORM
    this.#at = at + 1
    return number
  }

  /** A text that is most likely the one given. */
  #same(last: KnownText): KnownText {
    this.#skipSpaces()
    const { bytes } = last
    if (bytes.length > 0 && this.#hasAt(bytes, this.#at)) {
      this.#at += bytes.length
      return last
    }
    const start = this.#at
    const text = this.#hexOf(WORD_LENGTH)
    return { bytes: this.#knownSince(start), text, alone: [] }
  }

  /** A text of so many characters that was probably seen before: addresses, and topics. */
  #known(length: number): KnownText {
    this.#skipSpaces()
    const bytes = this.#bytes
    const start = this.#at
    const end = start + length + 2
    if (end > bytes.length) throw OTHER_FORM
    // Small numbers and addresses differ in their last digits only, kinds of events in all.
    const last = this.#view.getInt32(end - 5) ^ Math.imul(this.#view.getInt32(end - 9), SPREAD)
    const place = Math.imul(last, SPREAD) >>> KNOWN_TEXTS_SHIFT
    const known = knownTexts[place]
    if (known && known.bytes.length === length + 2 && this.#hasAt(known.bytes, start)) {
      this.#at = end
      return known
    }
    const text = this.#hexOf(length)
    const fresh = { bytes: this.#knownSince(start), text, alone: [text] }
    knownTexts[place] = fresh
    return fresh
  }

  #hexOf(length: number): Hex {
    const start = this.#hexBegins()
    if (start + length >= this.#bytes.length) throw OTHER_FORM
    let all = 0
    for (let at = start + 2; at < start + length; at++)
      all |= digits[this.#bytes[at] as number] as number
    if (all >= NO_DIGIT || this.#bytes[start + length] !== QUOTE) throw OTHER_FORM
    this.#at = start + length + 1
    return this.#lowerCase(start, start + length, all)
  }

  /** @param all the values of its digits by `digits`, or-ed: above 15 where some are in upper case */
  #lowerCase(start: number, end: number, all: number): Hex {
    const text = this.#bytes.toString('latin1', start, end)
    return (all >= 16 ? text.toLowerCase() : text) as Hex
  }

  /** Where the text begins whose quote comes next. */
  #hexBegins(): number {
    this.#skipSpaces()
    const at = this.#at
    const bytes = this.#bytes
    if (bytes[at] !== QUOTE || bytes[at + 1] !== ZERO || bytes[at + 2] !== LOWER_X) throw OTHER_FORM
    return at + 1
  }

  /** Which of these names comes next, as the `index`-th of its object; `UNKNOWN` where it is none of them. */
  #place(names: KnownNames, index: number): number {
    this.#skipSpaces()
    const start = this.#at
    const known = names.order[index]
    if (known && this.#hasAt(known.bytes, start)) {
      this.#at += known.bytes.length
      return known.place
    }
    const place = names.places.get(this.#name()) ?? UNKNOWN
    const isShort = this.#at - start <= NAME_BYTES_MAX
    if (isShort && index <= Math.min(names.order.length, ORDER_MAX))
      names.order[index] = { bytes: this.#knownSince(start), place }
    return place
  }

  #name(): string {
    const text = this.#text()
    this.#colon()
    return text
  }

  #colon(): void {
    this.#skipSpaces()
    if (this.#bytes[this.#at++] !== COLON) throw OTHER_FORM
  }

  #text(): string {
    this.#skipSpaces()
    const start = this.#at + 1
    return this.#bytes.toString('latin1', start, this.#endOfText())
  }

  /** Goes behind the text that begins here; gives where its closing quote is. */
  #endOfText(): number {
    const bytes = this.#bytes
    if (bytes[this.#at] !== QUOTE) throw OTHER_FORM
    let at = this.#at + 1
    for (; bytes[at] !== QUOTE; at++)
      if (!isPlain(bytes[at] as number) || bytes[at] === BACKSLASH) throw OTHER_FORM
    this.#at = at + 1
    return at
  }

  /** Most logs say `false`. */
  #isTrue(): boolean {
    if (!this.#hasAt(FALSE, this.#at)) return this.#scalar() === true
    this.#at += FALSE.length
    return false
  }

  /** Goes behind a value of whatever type that nobody asks for. */
  #skip(depth = 0): void {
    this.#skipSpaces()
    const byte = this.#bytes[this.#at]
    if (byte === QUOTE) this.#skipText()
    else if (byte !== OPEN_OBJECT && byte !== OPEN_LIST) this.#scalar()
    else if (depth === SKIPPED_DEPTH_MAX) throw OTHER_FORM
    else if (byte === OPEN_LIST) this.#skipList(depth + 1)
    else this.#skipObject(depth + 1)
  }

  #skipList(depth: number): void {
    if (this.#isEmpty(OPEN_LIST, CLOSE_LIST)) return
    do this.#skip(depth)
    while (this.#goesOn(CLOSE_LIST))
  }

  #skipObject(depth: number): void {
    if (this.#isEmpty(OPEN_OBJECT, CLOSE_OBJECT)) return
    do {
      this.#skipSpaces()
      this.#skipText()
      this.#colon()
      this.#skip(depth)
    } while (this.#goesOn(CLOSE_OBJECT))
  }

  /** Like `endOfText`, of a text that may be escaped, or not be ASCII. */
  #skipText(): void {
    const bytes = this.#bytes
    if (bytes[this.#at] !== QUOTE) throw OTHER_FORM
    let at = this.#at + 1
    for (; bytes[at] !== QUOTE; at++) {
      const byte = bytes[at] as number
      // The end of the answer is no byte.
      if (!(byte >= 0x20)) throw OTHER_FORM
      if (byte === BACKSLASH) at = this.#endOfEscape(at)
    }
    this.#at = at + 1
  }

  /** Where the last character is of what begins with this backslash. */
  #endOfEscape(at: number): number {
    const bytes = this.#bytes
    const kind = bytes[at + 1] as number
    if (kind !== LOWER_U) {
      if (!ESCAPED.has(kind)) throw OTHER_FORM
      return at + 1
    }
    for (let index = at + 2; index < at + 6; index++)
      if (!((digits[bytes[index] as number] as number) < NO_DIGIT)) throw OTHER_FORM
    return at + 5
  }

  /** A text, number, truth value or null. */
  #scalar(): unknown {
    this.#skipSpaces()
    const bytes = this.#bytes
    if (bytes[this.#at] === QUOTE) return this.#text()
    const start = this.#at
    while (this.#at < bytes.length && !isEnd(bytes[this.#at] as number)) this.#at++
    try {
      return JSON.parse(bytes.toString('latin1', start, this.#at)) as unknown
    } catch {
      throw OTHER_FORM
    }
  }

  /** Whether another member follows; else the object or list is closed. */
  #goesOn(close: number): boolean {
    this.#skipSpaces()
    const byte = this.#bytes[this.#at++]
    if (byte === COMMA) return true
    if (byte !== close) throw OTHER_FORM
    return false
  }

  /** Opens a list; one without members is closed as well. */
  #isEmptyList(): boolean {
    return this.#isEmpty(OPEN_LIST, CLOSE_LIST)
  }

  /** The same of an object too. */
  #isEmpty(open: number, close: number): boolean {
    this.#open(open)
    this.#skipSpaces()
    if (this.#bytes[this.#at] !== close) return false
    this.#at++
    return true
  }

  #open(bracket: number): void {
    this.#skipSpaces()
    if (this.#bytes[this.#at++] !== bracket) throw OTHER_FORM
  }

  #skipSpaces(): void {
    while ((this.#bytes[this.#at] as number) <= 0x20) {
      if (!SPACES.has(this.#bytes[this.#at] as number)) throw OTHER_FORM
      this.#at++
    }
  }

  #knownSince(start: number): KnownBytes {
    return knownBytes(this.#bytes.subarray(start, this.#at))
  }

  #hasAt({ length, words, last, few }: KnownBytes, start: number): boolean {
    const view = this.#view
    if (start + length > view.byteLength) return false
    let at = start
    for (let index = 0; index < words.length; index++, at += 8)
      if (view.getFloat64(at, true) !== words[index]) return false
    if (length >= 8) return view.getFloat64(start + length - 8, true) === last
    for (let index = 0; index < few.length; index++, at++)
      if (this.#bytes[at] !== few[index]) return false
    return true
  }
}

const isEnd = (byte: number): boolean =>
  byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || SPACES.has(byte)
