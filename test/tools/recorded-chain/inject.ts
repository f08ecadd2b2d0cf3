import {
  type AnswerFault,
  type DuplicateLog,
  type ExtraLog,
  type Fault,
  isTransportFault,
  methodsOf,
  type MissingLog,
  type TransportFault,
  type WrongBlockHash,
} from './faults.ts'
import {
  type RecordedBlock,
  type Recording,
  type RpcBlock,
  type RpcLog,
  type RpcReceipt,
  toHex,
} from './recording.ts'
import { RpcError } from './rpc-error.ts'

export type Injector = {
  /** Replaces all faults; their counts begin anew. Throws for one that could never show. */
  set(faults: readonly Fault[]): void
  /** What is to happen to a request with these calls: all delays there are, and one other fault at most. */
  takeTransport(methods: readonly string[]): TransportFault[]
  /** The answer to give instead of the right one; throws `RpcError`. */
  alter(method: string, answer: unknown): unknown
}

type Armed<F extends Fault = Fault> = { readonly fault: F; timesLeft: number }

/** Applies faults to answers, and counts how often. A fault counts only where it changed something. */
export function createInjector(recording: Recording): Injector {
  const blocks = new Map(recording.blocks.map((each) => [Number(each.block.number), each]))
  let armed: Armed[] = []

  const isReady = ({ fault, timesLeft }: Armed, method: string): boolean =>
    timesLeft > 0 && (fault.method ?? method) === method

  return {
    set(faults) {
      for (const fault of faults) refuseIdle(fault, blocks)
      armed = faults.map((fault) => ({ fault, timesLeft: fault.times ?? Infinity }))
    },

    takeTransport(methods) {
      const taken: TransportFault[] = []
      for (const each of armed) {
        const { fault } = each
        if (!isTransportFault(fault)) continue
        if (!methods.some((method) => isReady(each, method))) continue
        if (fault.kind !== 'slow' && taken.some(({ kind }) => kind !== 'slow')) continue
        each.timesLeft--
        taken.push(fault)
      }
      return taken
    },

    alter(method, answer) {
      let altered = answer
      for (const each of armed) {
        const { fault } = each
        if (isTransportFault(fault) || !isReady(each, method)) continue
        if (fault.kind === 'error') {
          each.timesLeft--
          throw new RpcError(fault.code, fault.message)
        }
        if (altered === null || !methodsOf(fault).includes(method)) continue
        const changed = change(fault, altered, blocks)
        if (changed === undefined) continue
        each.timesLeft--
        altered = changed
      }
      return altered
    },
  }
}

type Blocks = ReadonlyMap<number, RecordedBlock>

/** A test with a fault that never shows proves nothing, so a slip of the pen must not pass. */
function refuseIdle(fault: Fault, blocks: Blocks): void {
  if (isTransportFault(fault) || fault.kind === 'error') return
  if (fault.method !== undefined && !methodsOf(fault).includes(fault.method))
    throw new Error(`${fault.kind} cannot show in ${fault.method}: ${methodsOf(fault).join(', ')}`)
  if (!('block' in fault)) return
  const recorded = blocks.get(fault.block)
  if (!recorded) throw new Error(`${fault.kind}: block ${fault.block} is not recorded`)
  const { block, logs, receipts } = recorded
  if ('logIndex' in fault && !logs[fault.logIndex])
    throw new Error(`${fault.kind}: block ${fault.block} has no log ${fault.logIndex}`)
  if ('transactionIndex' in fault && !receipts[fault.transactionIndex])
    throw new Error(`${fault.kind}: block ${fault.block} has no receipt ${fault.transactionIndex}`)
  if ('field' in fault && typeof block[fault.field] !== 'string')
    throw new Error(`${fault.kind}: block ${fault.block} has no text field ${fault.field}`)
}

/** Undefined where the fault has nothing to change in this answer. */
function change(fault: AnswerFault, answer: unknown, blocks: Blocks): unknown {
  switch (fault.kind) {
    case 'wrong-block-hash':
    case 'missing-log':
    case 'duplicate-log':
    case 'extra-log': {
      const logCount = blocks.get(fault.block)?.logs.length ?? 0
      return changeLogs(answer as LogsAnswer, (logs) => changeLog(fault, logs, logCount))
    }
    case 'empty-logs': {
      const logs = answer as readonly RpcLog[]
      const left = logs.filter((log) => !isIn(fault.block, log.blockNumber))
      return left.length < logs.length ? left : undefined
    }
    case 'null-block':
      return isIn(fault.block, (answer as RpcBlock).number) ? null : undefined
    case 'null-receipts':
      return fault.block === undefined || isIn(fault.block, blockNumberOf(answer))
        ? null
        : undefined
    case 'wrong-receipt':
      return changeReceipt(answer as ReceiptsAnswer, fault.block, fault.transactionIndex ?? 0)
    case 'wrong-header': {
      const block = answer as RpcBlock
      const field = fault.field ?? 'timestamp'
      if (!isIn(fault.block, block.number)) return undefined
      return { ...block, [field]: fault.value ?? otherHex(block[field] as string) }
    }
    case 'wrong-chain-id': {
      const text = answer as string
      const chainId = fault.chainId ?? Number(text) + 1
      return text.startsWith('0x') ? toHex(chainId) : String(chainId)
    }
    default:
      return fault satisfies never
  }
}

type ReceiptsAnswer = RpcReceipt | readonly RpcReceipt[]
type LogsAnswer = ReceiptsAnswer | readonly RpcLog[]

const isIn = (block: number | undefined, number: string | undefined): boolean =>
  block === undefined || (number !== undefined && Number(number) === block)

const blockNumberOf = (answer: unknown): string | undefined =>
  [answer as ReceiptsAnswer].flat()[0]?.blockNumber

/** Another value of the same form. */
const otherHex = (hex: string): string =>
  `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}`

type LogChange = WrongBlockHash | MissingLog | DuplicateLog | ExtraLog

function changeLog(fault: LogChange, logs: readonly RpcLog[], logCount: number) {
  const isThere = (log: RpcLog): boolean =>
    isIn(fault.block, log.blockNumber) &&
    (!('logIndex' in fault) || Number(log.logIndex) === fault.logIndex)
  const at = fault.kind === 'extra-log' ? logs.findLastIndex(isThere) : logs.findIndex(isThere)
  const log = logs[at]
  if (!log) return undefined
  switch (fault.kind) {
    case 'wrong-block-hash':
      return logs.with(at, { ...log, blockHash: otherHex(log.blockHash) as RpcLog['blockHash'] })
    case 'missing-log':
      return logs.toSpliced(at, 1)
    case 'duplicate-log':
      return logs.toSpliced(at, 0, log)
    case 'extra-log':
      return logs.toSpliced(at + 1, 0, { ...log, logIndex: toHex(logCount) })
    default:
      return fault satisfies never
  }
}

/** Logs may come alone, or in a receipt, or in receipts, where each stays with its own. */
function changeLogs(
  answer: LogsAnswer,
  changeList: (logs: readonly RpcLog[]) => RpcLog[] | undefined,
): unknown {
  if (isLogs(answer)) return changeList(answer)
  const receipts = [answer].flat() as readonly RpcReceipt[]
  const logs = changeList(receipts.flatMap((receipt) => receipt.logs))
  if (!logs) return undefined
  const byTransaction = Map.groupBy(logs, (log) => log.transactionHash)
  const changed = receipts.map((receipt) => withLogs(receipt, byTransaction))
  return Array.isArray(answer) ? changed : changed[0]
}

const withLogs = (
  receipt: RpcReceipt,
  byTransaction: ReadonlyMap<string, readonly RpcLog[]>,
): RpcReceipt => ({ ...receipt, logs: byTransaction.get(receipt.transactionHash) ?? [] })

const isLogs = (answer: LogsAnswer): answer is readonly RpcLog[] =>
  Array.isArray(answer) && answer[0] !== undefined && 'logIndex' in answer[0]

function changeReceipt(answer: ReceiptsAnswer, block: number, transactionIndex: number): unknown {
  const isThere = (receipt: RpcReceipt): boolean =>
    isIn(block, receipt.blockNumber) && Number(receipt.transactionIndex) === transactionIndex
  const changeOne = (receipt: RpcReceipt): RpcReceipt => ({
    ...receipt,
    cumulativeGasUsed: toHex(BigInt(receipt.cumulativeGasUsed) + 1n),
  })
  if (!('length' in answer)) return isThere(answer) ? changeOne(answer) : undefined
  return answer.some(isThere)
    ? answer.map((receipt) => (isThere(receipt) ? changeOne(receipt) : receipt))
    : undefined
}
