import type { BlockRange, BlockRef } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import { AppError } from '#core/errors.ts'
import type { ProofLevel } from '#core/history/proof.ts'
import { type BloomBits, createBloomBits } from './bloom.ts'
import { type Commitments, ETHEREUM_COMMITMENTS } from './chain-profiles.ts'
import type {
  BlockSource,
  Keccak,
  LogFilter,
  RawLog,
  Receipt,
  ReceiptsRoot,
  SourceHeader,
} from './ports.ts'
import { outsideLogs } from './outside-logs.ts'
import { evidenceFor, levelOf, type ProofPolicy } from './proof-policy.ts'
import {
  areCountedAnew,
  isSuspect,
  mayHoldAny,
  refuseAnswer,
  refuseHeaders,
  refuseLogs,
  refuseReceipts,
  selectLogs,
} from './prove.ts'

/** A block whose logs, as far as they were asked for, are proven to be all there are. */
export type ProvenBlock = {
  readonly header: SourceHeader
  readonly logs: readonly RawLog[]
  /** What stands for these logs, and for there being no others of those that were asked for. */
  readonly level: ProofLevel
}

export type FetchPorts = {
  readonly source: BlockSource
  readonly keccak: Keccak
  readonly receiptsRoot: ReceiptsRoot
}

/** How many blocks' receipts are fetched at once. */
const RECEIPTS_CONCURRENCY_MAX = 4
/** Answers that fail a proof are asked for again, by preference elsewhere: each provider gets two tries. */
const TRIES_PER_PROVIDER = 2

export type FetchProven = (
  range: BlockRange,
  filter: LogFilter,
  policy: ProofPolicy,
) => Promise<ProvenBlock[]>

/**
 * Fetches blocks with the logs that a filter asks for, and proves them: headers link and hash, and the logs of a block
 * are taken from all of its receipts, which must hash to the header's root. Only where the policy or the chain says so
 * are they asked for by `eth_getLogs`, and then compared with what the receipts or the bloom prove.
 *
 * An answer that fails is held against its provider and asked for again.
 *
 * @param commits what this chain's headers commit to; of what they do not, the nodes' word is taken
 * @throws AppError `unavailable` with the reason when no provider gives an answer that can be proven
 */
export function createFetchProven(
  { source, keccak, receiptsRoot }: FetchPorts,
  commits: Commitments = ETHEREUM_COMMITMENTS,
): FetchProven {
  const bitsOf = createBloomBits(keccak)

  return async (range, filter, policy) => {
    // Of blocks that are final the logs are asked for beside the headers: a node far away is waited for once, not twice.
    const logs = isAllByBloom(commits, policy, range) ? source.logs(range, filter) : undefined
    logs?.catch(() => undefined)
    const refused = new Set<string>()
    const headers = await believe(
      {
        providerCount: source.providerCount,
        distrust(provider, reason) {
          refused.add(provider)
          source.distrust(provider, reason)
        },
      },
      range,
      'headers',
      () => source.headers(range),
      (value) => refuseHeaders(range, value),
    )
    const first = await logs
    // Whose headers were refused would not have been asked for logs behind them.
    const believable = first && !refused.has(first.provider) ? first : undefined
    return proveLogs({ source, receiptsRoot, bitsOf, commits }, headers, filter, policy, believable)
  }
}

/** Whether the logs of all blocks of a range are asked for by `eth_getLogs`, and all of them are final. */
const isAllByBloom = (
  commits: Commitments,
  policy: ProofPolicy,
  { from, to }: BlockRange,
): boolean =>
  typeof policy === 'object' &&
  to <= policy.bloomUpTo &&
  [from, to].every((number) => evidenceFor(commits, policy, { number }) !== 'receipts')

type LogsAnswer = Awaited<ReturnType<BlockSource['logs']>>

type ProvePorts = Pick<FetchPorts, 'source' | 'receiptsRoot'> & {
  readonly bitsOf: (item: `0x${string}`) => BloomBits
  readonly commits: Commitments
}

/** @param logs those of all these blocks, where they are asked for already */
async function proveLogs(
  ports: ProvePorts,
  headers: readonly SourceHeader[],
  filter: LogFilter,
  policy: ProofPolicy,
  logs: LogsAnswer | undefined,
): Promise<ProvenBlock[]> {
  const { commits, bitsOf } = ports
  const evidence = headers.map((header) => evidenceFor(commits, policy, header))
  // Receipts that were proven once need no second fetch when the answer to eth_getLogs is refused. Those that logs are
  // taken from are asked for once, and not remembered: it would be all receipts of a range.
  const receiptsOf = rememberByBlock((header) => provenReceipts(ports, header))
  const mayHold = (header: SourceHeader): boolean =>
    !commits.bloom || mayHoldAny(header, filter, bitsOf)
  const isHeld = (header: SourceHeader): boolean => policy === 'every-block' || mayHold(header)

  const byReceipts = headers.filter((_, index) => evidence[index] === 'receipts')
  const selected = await mapConcurrent(byReceipts, RECEIPTS_CONCURRENCY_MAX, async (header) => {
    const { receipts } = isHeld(header) ? await provenReceipts(ports, header) : { receipts: [] }
    return {
      header,
      logs: selectLogs(receipts, filter),
      level: levelOf(commits, header, 'receipts'),
    }
  })
  const asked = headers.filter((_, index) => evidence[index] !== 'receipts')
  if (asked.length === 0) return selected
  const check = async (
    header: SourceHeader,
    given: readonly RawLog[],
    isAnew: boolean,
  ): Promise<Checked> => {
    const kind = evidence[header.number - (headers[0] as SourceHeader).number]
    const believed = (held: 'linked' | 'bloom' | 'receipts'): Checked => ({
      logs: given,
      level: levelOf(commits, header, held),
      refusal: undefined,
    })
    if (kind === 'word')
      return { ...believed('linked'), refusal: isAnew ? placesUnknown : undefined }
    const isDoubted =
      kind === 'both'
        ? given.length > 0 || isHeld(header)
        : (isAnew && given.length > 0) || isSuspect(header, filter, given, bitsOf)
    if (isDoubted) return compare(ports, header, given, filter, receiptsOf)
    return believed(mayHold(header) ? 'bloom' : 'receipts')
  }
  const checked = await proveAnswer(ports, asked, filter, check, logs)
  return [...checked, ...selected].toSorted((a, b) => a.header.number - b.header.number)
}

const placesUnknown =
  'logs are counted in each transaction anew, and no receipts tell their places in the block; name the chain in ' +
  'chain.profile if its roots commit to receipts'

type Checked = {
  readonly logs: readonly RawLog[]
  readonly level: ProofLevel
  readonly refusal: string | undefined
}

/**
 * Asks for the logs of these blocks until an answer stands in each of them.
 *
 * @param check is told whether the answer counts logs in each transaction anew, which shows in some blocks only
 * @param first the first answer, where it is asked for already
 */
async function proveAnswer(
  { source }: ProvePorts,
  headers: readonly SourceHeader[],
  filter: LogFilter,
  check: (header: SourceHeader, logs: readonly RawLog[], isAnew: boolean) => Promise<Checked>,
  first: LogsAnswer | undefined,
): Promise<ProvenBlock[]> {
  const range = {
    from: (headers[0] as SourceHeader).number,
    to: (headers.at(-1) as SourceHeader).number,
  }
  const tries = source.providerCount * TRIES_PER_PROVIDER
  let refusal: string | undefined
  let provider = ''
  for (let attempt = 0; attempt < tries; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- the next try depends on this one
    const answer = (attempt === 0 && first) || (await source.logs(range, filter))
    provider = answer.provider
    refusal = refuseLogs(headers, filter, answer.value)
    if (!refusal) {
      const blocks = groupByBlock(headers, answer.value)
      const isAnew = areCountedAnew(answer.value)
      // oxlint-disable-next-line no-await-in-loop -- as above
      const checked = await mapConcurrent(blocks, RECEIPTS_CONCURRENCY_MAX, ({ header, logs }) =>
        check(header, logs, isAnew),
      )
      refusal = checked.find((each) => each.refusal !== undefined)?.refusal
      if (!refusal)
        return checked.map(({ logs, level }, index) => ({
          header: headers[index] as SourceHeader,
          logs,
          level,
        }))
    }
    source.distrust(answer.provider, refusal)
  }
  throw unproven(range, 'logs', provider, refusal)
}

type BlockReceipts = {
  /** What the header's root commits to. */
  readonly receipts: readonly Receipt[]
  /** The receipt of a transaction that it does not commit to. */
  readonly outside: Receipt | undefined
}

async function provenReceipts(ports: ProvePorts, header: SourceHeader): Promise<BlockReceipts> {
  const { source, receiptsRoot, commits } = ports
  let outside: Receipt | undefined
  const receipts = await believe(
    source,
    header,
    'receipts',
    () => source.receipts(header),
    async (value) => {
      outside = undefined
      const refusal = await refuseReceipts(receiptsRoot, header, value)
      const last = value.at(-1)
      if (!refusal || commits.outsideRoot !== 'taken' || !last) return refusal
      if (await refuseReceipts(receiptsRoot, header, value.slice(0, -1))) return refusal
      outside = last
      return undefined
    },
  )
  return { receipts: outside ? receipts.slice(0, -1) : receipts, outside }
}

/** The answer to `eth_getLogs` against the receipts of its block. */
async function compare(
  { commits }: ProvePorts,
  header: SourceHeader,
  logs: readonly RawLog[],
  filter: LogFilter,
  receiptsOf: (header: SourceHeader) => Promise<BlockReceipts>,
): Promise<Checked> {
  const { receipts, outside } = await receiptsOf(header)
  const proven = selectLogs(receipts, filter)
  const isInside = (log: RawLog): boolean =>
    commits.outsideRoot !== 'taken' || log.transactionIndex < receipts.length
  const refusal = refuseAnswer(header, receipts, proven, logs.filter(isInside))
  return {
    refusal,
    logs: [...proven, ...outsideLogs(receipts, outside, filter, logs)],
    level: levelOf(commits, header, 'receipts'),
  }
}

function rememberByBlock<T>(
  ask: (header: SourceHeader) => Promise<T>,
): (header: SourceHeader) => Promise<T> {
  const known = new Map<number, Promise<T>>()
  return (header) => {
    const made = known.get(header.number) ?? ask(header)
    known.set(header.number, made)
    return made
  }
}

/** Asks until an answer is not refused; what is refused is held against who gave it. */
async function believe<T>(
  source: Pick<BlockSource, 'providerCount' | 'distrust'>,
  what: BlockRange | BlockRef,
  name: Subject,
  ask: () => Promise<{ value: T; provider: string }>,
  refuse: (value: T) => string | undefined | Promise<string | undefined>,
): Promise<T> {
  const tries = source.providerCount * TRIES_PER_PROVIDER
  let refusal: string | undefined
  let provider = ''
  for (let attempt = 0; attempt < tries; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- the next try depends on this one
    const answer = await ask()
    provider = answer.provider
    // oxlint-disable-next-line no-await-in-loop -- as above
    refusal = await refuse(answer.value)
    if (!refusal) return answer.value
    source.distrust(answer.provider, refusal)
  }
  throw unproven(what, name, provider, refusal)
}

type Subject = 'headers' | 'receipts' | 'logs'

/** What else may be the cause, and the setting that helps. */
const HINTS: Readonly<Record<Subject, string>> = {
  headers:
    '. Where every block of the chain is refused so, its headers hash in another way: name the chain in ' +
    'chain.profile, or set chain.headerHash to false',
  receipts:
    '. Where this happens on every endpoint, the chain’s roots do not cover all receipts: name the chain in ' +
    'chain.profile (polygon for state-sync transactions, zksync for roots that commit to nothing)',
  logs:
    '. Where this happens on every endpoint, the chain has logs that its roots do not cover: name the chain in ' +
    'chain.profile (polygon for state-sync transactions)',
}

function unproven(
  what: BlockRange | BlockRef,
  name: Subject,
  provider: string,
  reason: string | undefined,
): AppError {
  const blocks = 'from' in what ? `${what.from}-${what.to}` : `${what.number}`
  return new AppError(
    'unavailable',
    `the ${name} of block ${blocks} cannot be proven: ${reason} (${provider}); nothing of them is stored. ` +
      `Add another endpoint to chain.rpc, or try again when this one is repaired${HINTS[name]}`,
    { details: { reason: 'unproven', blocks, provider } },
  )
}

function groupByBlock(
  headers: readonly SourceHeader[],
  logs: readonly RawLog[],
): Pick<ProvenBlock, 'header' | 'logs'>[] {
  let next = 0
  return headers.map((header) => {
    const from = next
    while (logs[next]?.blockNumber === header.number) next++
    return { header, logs: logs.slice(from, next) }
  })
}
