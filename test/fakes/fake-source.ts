import { AppError, isAppError } from '#core/errors.ts'
import type { BlockRef } from '#core/chain.ts'
import {
  BEFORE_GENESIS,
  type BlockSource,
  type LogFilter,
  type RawLog,
  type Receipt,
  type SourceHeader,
} from '#core/indexing/ports.ts'
import type { FakeBlock } from './fake-chain.ts'

/** What a lying or lagging node does to its answers; each is given a copy that it may change. */
export type FakeFaults = {
  readonly headers?: (headers: SourceHeader[]) => SourceHeader[]
  readonly logs?: (logs: RawLog[]) => RawLog[]
  readonly receipts?: (receipts: Receipt[]) => Receipt[]
  /** Called before every request; may throw. */
  readonly request?: (method: string) => void | Promise<void>
}

export type FakeSource = BlockSource & {
  readonly distrusted: { provider: string; reason: string }[]
  readonly requests: Record<string, number>
}

export type FakeSourceOptions = {
  readonly blocks: () => readonly FakeBlock[]
  readonly chainId?: number
  /** How many blocks below the head are not final. */
  readonly finality?: number
  /** One entry a provider; each request goes to the first that is not distrusted and answers. */
  readonly faults?: readonly FakeFaults[]
}

/** Nodes over a fake chain. Several providers can tell different things. */
export function createFakeSource(options: FakeSourceOptions): FakeSource {
  const { blocks, chainId = 31_337, finality = 3, faults = [{}] } = options
  const distrusted: { provider: string; reason: string }[] = []
  const requests: Record<string, number> = {}
  const names = faults.map((_, index) => `provider-${index}`)

  async function ask<T>(method: string, answer: (fault: FakeFaults) => T) {
    requests[method] = (requests[method] ?? 0) + 1
    const counts = names.map(
      (name) => distrusted.filter(({ provider }) => provider === name).length,
    )
    const order = [...names.keys()].toSorted(
      (a, b) => (counts[a] as number) - (counts[b] as number),
    )
    for (const index of order) {
      const fault = faults[index] ?? {}
      try {
        await fault.request?.(method)
      } catch (error) {
        if (index === order.at(-1) || !isAppError(error, 'unavailable')) throw error
        continue
      }
      return { value: answer(fault), provider: names[index] as string }
    }
    throw new Error('a source needs a provider')
  }

  function range(from: number, to: number): readonly FakeBlock[] {
    if (to >= blocks().length)
      throw new AppError('unavailable', `block ${to} is beyond the head, ${blocks().length - 1}`)
    return blocks().slice(from, to + 1)
  }

  return {
    distrusted,
    requests,
    providerCount: names.length,
    async chainId() {
      return (await ask('chainId', () => chainId)).value
    },
    async head() {
      const { value } = await ask('head', () => {
        const { header } = blocks().at(-1) as FakeBlock
        const final = blocks()[header.number - finality]?.header
        return {
          latest: { number: header.number, hash: header.hash, timestamp: header.timestamp },
          finalized: final ? { number: final.number, hash: final.hash } : BEFORE_GENESIS,
        }
      })
      return value
    },
    async onOneBranch(refs) {
      const { value } = await ask('onOneBranch', () => {
        const asked = refs.filter(({ number }) => number >= 0)
        const top = Math.max(...asked.map(({ number }) => number))
        const isThere = ({ number, hash }: BlockRef) => blocks()[number]?.header.hash === hash
        if (asked.some((ref) => ref.number === top && !isThere(ref)))
          throw new AppError('unavailable', `no provider has block ${top}`)
        return asked.every(isThere)
      })
      return value
    },
    headers: ({ from, to }) =>
      ask('headers', (fault) => {
        const headers = range(from, to).map(({ header }) => ({ ...header }))
        return fault.headers?.(headers) ?? headers
      }),
    logs: ({ from, to }, filter) =>
      ask('logs', (fault) => {
        const logs = range(from, to)
          .flatMap((block) => block.logs.filter((log) => matches(filter, log)))
          .map((log) => ({ ...log }))
        return fault.logs?.(logs) ?? logs
      }),
    receipts: (block) =>
      ask('receipts', (fault) => {
        const found = range(block.number, block.number)[0] as FakeBlock
        const receipts = found.receipts.map((receipt) => ({ ...receipt, logs: [...receipt.logs] }))
        return fault.receipts?.(receipts) ?? receipts
      }),
    distrust: (provider, reason) => void distrusted.push({ provider, reason }),
  }
}

const matches = (filter: LogFilter, log: RawLog): boolean =>
  filter.topics.includes(log.topics[0] as `0x${string}`) &&
  (!filter.addresses || filter.addresses.includes(log.address))
