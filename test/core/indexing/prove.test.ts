import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { catalogue } from '#core/catalogue.ts'
import type { BlockRange } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import { filterOf } from '#core/indexing/raw/log-scope.ts'
import { bloomMayHold, createBloomBits } from '#core/indexing/bloom.ts'
import { chainProfiles, type Commitments, profileNameOf } from '#core/indexing/chain-profiles.ts'
import { createFetchProven } from '#core/indexing/fetch-proven.ts'
import { levelAskedFor, type ProofPolicy } from '#core/indexing/proof-policy.ts'
import { isWeaker } from '#core/history/proof.ts'
import { isSuspect, mayHoldAny } from '#core/indexing/prove.ts'
import { hexOf } from '#core/indexing/log-data.ts'
import type { BlockSource, RawLog, Receipt } from '#core/indexing/ports.ts'
import { bloomOf, createFakeChain, type FakeChain, fakeSources } from '../../fakes/fake-chain.ts'
import { addressOf } from '../../fakes/encode.ts'
import { heldBytes } from '../../fakes/held-memory.ts'
import { inMemoryOf, plainLog } from '../../fakes/plain-logs.ts'
import { createFakeSource, type FakeFaults } from '../../fakes/fake-source.ts'

const receiptsRoot = createReceiptsRoot(keccakBytes)
const bitsOf = createBloomBits(keccak)

const filter = filterOf(createAdmission(catalogue, fakeSources).scope())
const RANGE = { from: 1, to: 30 }
let chain: FakeChain

beforeAll(async () => {
  chain = createFakeChain(77, { maxLogs: 10 })
  await chain.mine(31)
})

const BY_BLOOM = { bloomUpTo: 1_000 } as const

/** A chain on which both the receipts and eth_getLogs are asked for, and compared. */
const COMPARED = chainProfiles.polygon

async function fetchWith(
  faults: readonly FakeFaults[],
  policy: ProofPolicy = 'where-held',
  commits?: Commitments,
) {
  const source = createFakeSource({ blocks: () => chain.blocks, faults })
  const fetchProven = createFetchProven({ source, keccak, receiptsRoot }, commits)
  return { source, result: fetchProven(RANGE, filter, policy) }
}

const honestLogs = (): RawLog[] =>
  chain.blocks
    .slice(RANGE.from, RANGE.to + 1)
    .flatMap(({ logs }) =>
      logs.filter(
        (log) =>
          filter.topics.includes(log.topics[0] as `0x${string}`) &&
          filter.addresses?.includes(log.address),
      ),
    )

/** An address that has no log in a block whose bloom may hold one. */
function collidingWith(block: FakeChain['blocks'][number] | undefined): `0x${string}` {
  const bloom = block?.header.logsBloom ?? '0x'
  for (let seed = 0x90_0000; ; seed++)
    if (bloomMayHold(bloom, bitsOf(addressOf(seed)))) return addressOf(seed)
}

const flipped = <T extends string>(hex: T): T =>
  `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}` as T

describe('proving', () => {
  test('honest answers are believed, with all their logs, by receipts, by bloom, by both and by word', async () => {
    for (const [policy, commits] of [
      ['every-block'],
      ['where-held'],
      [BY_BLOOM],
      ['where-held', COMPARED],
      ['where-held', chainProfiles.zksync],
    ] as const) {
      const { source, result } = await fetchWith([{}], policy, commits)
      const blocks = await result
      expect(blocks.flatMap(({ logs }) => logs)).toEqual(honestLogs())
      expect(blocks.map(({ header }) => header.number)).toEqual(
        Array.from({ length: 30 }, (_, index) => index + 1),
      )
      expect(source.distrusted).toEqual([])
    }
  })

  test('of receipts no more is held than those of a few blocks, and then what was asked for of them', async () => {
    const megabyte = 1 << 20
    const plain = createFakeSource({ blocks: () => chain.blocks })
    const before = heldBytes()
    let most = 0
    const source: BlockSource = {
      ...plain,
      async receipts(block) {
        const { value, provider } = await plain.receipts(block)
        most = Math.max(most, heldBytes() - before)
        const logs = inMemoryOf(
          megabyte,
          value.flatMap((each) => each.logs),
        )
        const own = (receipt: Receipt) => logs.splice(0, receipt.logs.length)
        return { value: value.map((each) => ({ ...each, logs: own(each) })), provider }
      },
    }
    const fetchProven = createFetchProven({ source, keccak, receiptsRoot })
    const blocks = await fetchProven(RANGE, filter, 'every-block')
    expect(most / megabyte).toBeLessThan(10)
    expect((heldBytes() - before) / megabyte).toBeLessThan(1)
    expect(blocks.flatMap(({ logs }) => logs.map(plainLog))).toEqual(honestLogs())
  })

  test('logs of final blocks that are believed by bloom are asked for beside the headers, once; others behind them', async () => {
    for (const [policy, commits, isBeside] of [
      [BY_BLOOM, undefined, true],
      [{ bloomUpTo: RANGE.to }, undefined, true],
      [BY_BLOOM, COMPARED, true],
      [{ bloomUpTo: RANGE.to - 1 }, undefined, false],
      [{ bloomUpTo: RANGE.to - 1 }, COMPARED, false],
      ['where-held', undefined, false],
      ['every-block', COMPARED, false],
    ] as const) {
      const plain = createFakeSource({ blocks: () => chain.blocks })
      const headers = Promise.withResolvers<void>()
      const asked: BlockRange[] = []
      const source: BlockSource = {
        ...plain,
        async headers(range) {
          await headers.promise
          return plain.headers(range)
        },
        logs(range, wanted) {
          asked.push(range)
          return plain.logs(range, wanted)
        },
      }
      const result = createFetchProven({ source, keccak, receiptsRoot }, commits)(
        RANGE,
        filter,
        policy,
      )
      expect(asked).toEqual(isBeside ? [RANGE] : [])
      headers.resolve()
      const blocks = await result
      expect(blocks.flatMap(({ logs }) => logs)).toEqual(honestLogs())
      expect(asked.length).toBe(typeof policy === 'string' && !commits ? 0 : 1)
    }
  })

  test('logs that came beside headers that were refused are asked for elsewhere', async () => {
    const liar: FakeFaults = {
      headers: (headers) => headers.slice(1),
      // The bloom cannot tell: of each contract others are left.
      logs: (logs) =>
        logs.filter(({ blockNumber, address }, index) => {
          const before = logs[index - 1]
          return before?.blockNumber !== blockNumber || before.address !== address
        }),
    }
    const { source, result } = await fetchWith([liar, {}], BY_BLOOM)
    const found = (await result).flatMap(({ logs }) => logs.map(plainLog))
    expect(found).toEqual(honestLogs())
    expect(source.distrusted.map(({ provider }) => provider)).toEqual(['provider-0'])
  })

  test('logs that were asked for beside headers that never come fail nothing else', async () => {
    const plain = createFakeSource({ blocks: () => chain.blocks })
    const source: BlockSource = {
      ...plain,
      headers: () => Promise.reject(new Error('no headers')),
      logs: () => Promise.reject(new Error('no logs')),
    }
    const fetchProven = createFetchProven({ source, keccak, receiptsRoot })
    await expect(fetchProven(RANGE, filter, BY_BLOOM)).rejects.toThrow('no headers')
  })

  test('the level of each block says what stands for its logs', async () => {
    const levelsOf = async (policy: ProofPolicy, commits?: Commitments) =>
      (await (await fetchWith([{}], policy, commits)).result).map(({ level }) => level)
    const all = (level: string): string[] => Array.from({ length: 30 }, () => level)
    expect(await levelsOf('every-block')).toEqual(all('receipts'))
    expect(await levelsOf('where-held')).toEqual(all('receipts'))
    expect(await levelsOf('where-held', chainProfiles.unknown)).toEqual(all('receipts'))
    // Nothing shows whether a transaction outside of the root was kept back.
    expect(await levelsOf('every-block', chainProfiles.polygon)).toEqual(all('linked'))
    expect(await levelsOf('every-block', chainProfiles.zksync)).toEqual(all('linked'))
    expect(await levelsOf('every-block', { ...chainProfiles.ethereum, since: 11 })).toEqual([
      ...all('linked').slice(0, 10),
      ...all('receipts').slice(10),
    ])
    const byBloom = await levelsOf(BY_BLOOM)
    for (const [index, level] of byBloom.entries()) {
      const { header } = chain.blocks[RANGE.from + index] as FakeChain['blocks'][number]
      expect(level, `block ${header.number}`).toBe(
        mayHoldAny(header, filter, bitsOf) ? 'bloom' : 'receipts',
      )
    }
    expect(new Set(byBloom)).toEqual(new Set(['bloom', 'receipts']))
    expect(await levelsOf({ bloomUpTo: 15 })).toEqual([
      ...byBloom.slice(0, 15),
      ...all('receipts').slice(15),
    ])
  })

  test('a bloom or a root proves nothing below a header that does not hash to its name here', async () => {
    const unhashed: FakeFaults = {
      headers: (headers) => headers.map((header) => ({ ...header, hashProven: null })),
    }
    for (const policy of ['every-block', 'where-held', BY_BLOOM] as const)
      for (const commits of [chainProfiles.ethereum, chainProfiles.zksync]) {
        const { result } = await fetchWith([unhashed], policy, commits)
        expect(new Set((await result).map(({ level }) => level))).toEqual(new Set(['unverified']))
      }
  })

  test('what a policy asks for is what it reaches on every chain', async () => {
    const policies = ['every-block', 'where-held', BY_BLOOM, { bloomUpTo: 12 }] as const
    for (const profile of Object.values(chainProfiles))
      for (const policy of policies) {
        const commits: Commitments = { ...profile, since: profile.since > 0 ? 9 : 0 }
        const hidden = ({ number }: { number: number }): boolean =>
          profile.headerForm === null || number < commits.since
        const { result } = await fetchWith(
          [
            {
              headers: (headers) =>
                headers.map((header) =>
                  hidden(header) ? { ...header, hashProven: null } : header,
                ),
            },
          ],
          policy,
          commits,
        )
        for (const { header, level } of await result) {
          const asked = levelAskedFor(commits, policy, header.number)
          expect(isWeaker(level, asked), `${header.number}: ${level} for ${asked}`).toBe(false)
        }
      }
  })

  test('a doubted answer that the receipts bear out is proven by them', async () => {
    const [first] = await (await fetchWith([{}], BY_BLOOM)).result
    expect(first?.level).toBe('bloom')
    // One address more, of which the bloom says that it may be there, and that has no log.
    const wanted = {
      ...filter,
      addresses: [...(filter.addresses ?? []), collidingWith(chain.blocks[1])],
    }
    const source = createFakeSource({ blocks: () => chain.blocks, faults: [{}] })
    const fetchProven = createFetchProven({ source, keccak, receiptsRoot })
    const [doubted] = await fetchProven(RANGE, wanted, BY_BLOOM)
    expect(doubted?.level).toBe('receipts')
  })

  test('where logs are compared with receipts, every one that is left out is found missing', async () => {
    const total = honestLogs().length
    expect(total).toBeGreaterThan(50)
    for (let index = 0; index < total; index++) {
      const { result } = await fetchWith(
        [{ logs: (logs) => logs.toSpliced(index, 1) }],
        'where-held',
        COMPARED,
      )
      await expect(result, `log ${index}`).rejects.toThrow(/is missing, which the receipts prove/)
    }
  })

  test('with receipts, a log left out of the receipts too breaks their root', async () => {
    const without = (log: RawLog) => (other: RawLog) => other.logIndex !== log.logIndex
    for (const log of honestLogs().filter((_, index) => index % 5 === 0)) {
      const { result } = await fetchWith([
        {
          logs: (logs) =>
            logs.filter((each) => each.blockHash !== log.blockHash || without(log)(each)),
          receipts: (receipts) =>
            receipts.map((receipt) => ({
              ...receipt,
              logs: receipt.logs
                .filter((each) => each.blockHash !== log.blockHash || without(log)(each))
                .map((each, logIndex) => ({ ...each, logIndex })),
            })),
        },
      ])
      await expect(result).rejects.toThrow(/out of its place|the receipts hash to/)
    }
  })

  test('by bloom alone an empty answer is doubted, and found out by the receipts', async () => {
    const { source, result } = await fetchWith([{ logs: () => [] }], BY_BLOOM)
    await expect(result).rejects.toThrow(/is missing/)
    expect(source.requests.receipts).toBeGreaterThan(0)
  })

  test('by bloom alone a log that its block’s bloom rules out is doubted, and found out by the receipts', async () => {
    const quiet = (log: RawLog): boolean =>
      !bloomMayHold(chain.blocks[log.blockNumber]?.header.logsBloom ?? '0x', bitsOf(log.address))
    const isLast = (log: RawLog, index: number, logs: readonly RawLog[]): boolean =>
      logs[index + 1]?.blockNumber !== log.blockNumber
    const invented = honestLogs()
      .filter(isLast)
      .flatMap((log) => (filter.addresses ?? []).map((address) => ({ ...log, address })))
      .map((log) => ({ ...log, logIndex: log.logIndex + 1 }))
      .find(quiet) as RawLog
    expect(invented).toBeDefined()
    const end = (logs: readonly RawLog[]): number =>
      logs.findLastIndex(({ blockNumber }) => blockNumber === invented.blockNumber) + 1
    const lie: FakeFaults = { logs: (logs) => logs.toSpliced(end(logs), 0, invented) }
    const { result } = await fetchWith([lie], BY_BLOOM)
    await expect(result).rejects.toThrow(/does not exist in the proven receipts/)
  })

  const lies: Record<string, [FakeFaults, RegExp]> = {
    'a wrong blockHash': [
      {
        logs: (logs) =>
          logs.map((log, i) => (i === 3 ? { ...log, blockHash: flipped(log.blockHash) } : log)),
      },
      /its blockHash .* is not the header's/,
    ],
    'a log twice': [{ logs: (logs) => [logs[0] as RawLog, ...logs] }, /a log twice/],
    'logs out of order': [{ logs: (logs) => logs.toReversed() }, /out of order/],
    'a log of another block': [
      { logs: (logs) => [...logs, { ...(logs.at(-1) as RawLog), blockNumber: 31 }] },
      /outside of the blocks asked for/,
    ],
    'a log that was not asked for': [
      {
        logs: (logs) =>
          logs.map((log, i) => (i === 0 ? { ...log, address: flipped(log.address) } : log)),
      },
      /an address not asked for/,
    ],
    'a topic that was not asked for': [
      {
        logs: (logs) =>
          logs.map((log, i) =>
            i === 0 ? { ...log, topics: [flipped(log.topics[0] as `0x${string}`)] } : log,
          ),
      },
      /a topic not asked for/,
    ],
    'changed data': [
      {
        logs: (logs) => {
          const at = logs.findIndex((log) => hexOf(log.data).length > 10)
          return logs.map((log, i) => (i === at ? { ...log, data: flipped(hexOf(log.data)) } : log))
        },
      },
      /differs from the proven one/,
    ],
    'two transactions at one index': [
      {
        logs: (logs) => {
          const at = logs.findIndex(
            (log, i) => logs[i - 1]?.transactionHash === log.transactionHash,
          )
          return logs.map((log, i) =>
            i === at ? { ...log, transactionHash: flipped(log.transactionHash) } : log,
          )
        },
      },
      /at another transaction's index/,
    ],
    'an invented log': [
      {
        logs: (logs) => {
          const last = logs.at(-1) as RawLog
          return [...logs, { ...last, logIndex: last.logIndex + 1 }]
        },
      },
      /does not exist in the proven receipts/,
    ],
    'changed receipts': [
      {
        receipts: (receipts) =>
          receipts.map((receipt) => ({
            ...receipt,
            cumulativeGasUsed: receipt.cumulativeGasUsed + 1n,
          })),
      },
      /the receipts hash to/,
    ],
    'receipts that are not all there': [
      { receipts: (receipts) => receipts.slice(1) },
      /in the place of 0|the receipts hash to/,
    ],
    'a header whose fields do not hash to its hash': [
      { headers: (headers) => headers.map((header) => ({ ...header, hashProven: false })) },
      /do not hash to/,
    ],
    'a header that does not follow': [
      {
        headers: (headers) =>
          headers.map((header, i) =>
            i === 4 ? { ...header, parentHash: flipped(header.parentHash) } : header,
          ),
      },
      /does not follow/,
    ],
    'too few headers': [{ headers: (headers) => headers.slice(1) }, /29 headers for blocks 1-30/],
  }

  test.each(Object.entries(lies))('%s is refused, and said of whom', async (_, [fault, reason]) => {
    const { source, result } = await fetchWith([fault], 'where-held', COMPARED)
    await expect(result).rejects.toThrow(reason)
    await expect(result).rejects.toSatisfy((error) => isAppError(error, 'unavailable'))
    await expect(result).rejects.toThrow(/provider-0/)
    expect(source.distrusted.length).toBeGreaterThan(0)
  })

  test.each(Object.entries(lies))(
    '%s of one provider is made good by another',
    async (_, [fault]) => {
      const { source, result } = await fetchWith([fault, {}], 'where-held', COMPARED)
      expect((await result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
      expect(source.distrusted.every(({ provider }) => provider === 'provider-0')).toBe(true)
    },
  )
})

describe('by default', () => {
  test('nothing that a lying node says in eth_getLogs is believed, for it is not asked', async () => {
    const { source, result } = await fetchWith([{ logs: () => [] }])
    expect((await result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
    expect(source.requests.logs).toBeUndefined()
  })

  const twists: Record<string, (receipt: Receipt, at: number) => Receipt> = {
    dropped: (receipt, at) => ({ ...receipt, logs: receipt.logs.toSpliced(at, 1) }),
    altered: (receipt, at) => ({
      ...receipt,
      logs: receipt.logs.map((log, index) =>
        index === at ? { ...log, topics: log.topics.map(flipped) } : log,
      ),
    }),
    invented: (receipt, at) => ({
      ...receipt,
      logs: receipt.logs.toSpliced(at, 0, receipt.logs[at] as RawLog),
    }),
  }
  test.each(Object.entries(twists))(
    'every single log that is %s is found out',
    async (_, twist) => {
      const logs = honestLogs()
      expect(logs.length).toBeGreaterThan(50)
      for (const lied of logs) {
        const lie: FakeFaults = {
          receipts: (receipts) =>
            receipts.map((receipt) => {
              const at = receipt.logs.findIndex(
                (log) => log.blockHash === lied.blockHash && log.logIndex === lied.logIndex,
              )
              return at < 0 ? receipt : twist(receipt, at)
            }),
        }
        const { result } = await fetchWith([lie])
        await expect(result, `log ${lied.logIndex}`).rejects.toThrow(/the receipts hash to/)
      }
    },
  )

  test('receipts are read only of blocks whose bloom may hold a log that is asked for', async () => {
    const rare = { ...filter, addresses: [(honestLogs()[0] as RawLog).address] }
    const source = createFakeSource({ blocks: () => chain.blocks })
    const fetchProven = createFetchProven({ source, keccak, receiptsRoot })
    const blocks = await fetchProven(RANGE, rare, 'where-held')
    expect(blocks.flatMap(({ logs }) => logs)).toEqual(
      honestLogs().filter(({ address }) => address === rare.addresses[0]),
    )
    expect(source.requests.receipts).toBeGreaterThan(0)
    expect(source.requests.receipts).toBeLessThan(30)
    await fetchProven(RANGE, rare, 'every-block')
    expect(source.requests.receipts).toBeGreaterThanOrEqual(30)
  })

  test('logs that a node counts in each transaction anew are counted through the block', async () => {
    const anew: FakeFaults = {
      receipts: (receipts) =>
        receipts.map((receipt) => ({
          ...receipt,
          logs: receipt.logs.map((log, logIndex) => ({ ...log, logIndex })),
        })),
    }
    const { result } = await fetchWith([anew])
    expect((await result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
  })
})

describe('chains that prove less', () => {
  /** The last block that has logs, with one more transaction that its root and bloom do not know. */
  function stateSync() {
    const last = honestLogs().at(-1) as RawLog
    const { receipts, header } = chain.blocks[last.blockNumber] as (typeof chain.blocks)[number]
    const count = receipts.reduce((sum, { logs }) => sum + logs.length, 0)
    const place = {
      transactionIndex: receipts.length,
      transactionHash: keccak('0x01'),
      logIndex: count,
    }
    const log: RawLog = { ...last, ...place }
    const receipt: Receipt = {
      ...(receipts[0] as Receipt),
      ...place,
      cumulativeGasUsed: 0n,
      logs: [log],
    }
    const isOf = ({ blockHash }: RawLog): boolean => blockHash === header.hash
    const faults: Required<Pick<FakeFaults, 'logs' | 'receipts'>> = {
      logs: (logs) => logs.toSpliced(logs.findLastIndex(isOf) + 1, 0, log),
      receipts: (all) =>
        all[0]?.transactionHash === receipts[0]?.transactionHash ? [...all, receipt] : all,
    }
    return { log, faults }
  }
  const found = (log: RawLog): RawLog[] =>
    [...honestLogs(), log].toSorted(
      (a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex,
    )

  test('logs of a transaction outside the root are taken where the profile knows of such', async () => {
    const { log, faults } = stateSync()
    for (const told of [faults, { logs: faults.logs }, { receipts: faults.receipts }]) {
      const { result } = await fetchWith([told], 'where-held', chainProfiles.polygon)
      expect((await result).flatMap(({ logs }) => logs)).toEqual(found(log))
    }
  })

  test('elsewhere they are refused, and the refusal names the setting', async () => {
    const { result } = await fetchWith([stateSync().faults])
    await expect(result).rejects.toThrow(/chain\.profile \(polygon/)
  })

  /** Every log at its place in its transaction, whether or not those before it were asked for. */
  function countAnew(logs: readonly RawLog[]): RawLog[] {
    const places = new Map<string, number>()
    for (const { receipts } of chain.blocks)
      for (const receipt of receipts)
        for (const [place, log] of receipt.logs.entries())
          places.set(`${log.blockHash} ${log.logIndex}`, place)
    return logs.map((log) => ({
      ...log,
      logIndex: places.get(`${log.blockHash} ${log.logIndex}`) as number,
    }))
  }
  const anew: Required<Pick<FakeFaults, 'logs' | 'receipts'>> = {
    logs: countAnew,
    receipts: (receipts) =>
      receipts.map((receipt) => ({ ...receipt, logs: countAnew(receipt.logs) })),
  }

  test.each(['unknown', 'ethereum', 'polygon'] as const)(
    'logs that are counted in each transaction anew have their places from receipts, with profile %s',
    async (profile) => {
      expect(countAnew(honestLogs())).not.toEqual(honestLogs())
      for (const policy of ['where-held', { bloomUpTo: 29 }] as const) {
        const { result } = await fetchWith([anew], policy, chainProfiles[profile])
        expect((await result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
      }
    },
  )

  test('one of them that is left out or changed is found all the same', async () => {
    for (const logs of [
      (all: readonly RawLog[]) => countAnew(all.slice(1)),
      (all: readonly RawLog[]) => countAnew(all).map((log) => ({ ...log, data: '0x' as const })),
    ]) {
      const { result } = await fetchWith([{ ...anew, logs }], 'where-held', chainProfiles.unknown)
      await expect(result).rejects.toThrow(/missing|differs/)
    }
  })

  test('where no receipts tell their places, the refusal names the setting', async () => {
    const { result } = await fetchWith([anew], 'where-held', chainProfiles.zksync)
    await expect(result).rejects.toThrow(/counted in each transaction anew.*chain\.profile/)
  })

  test('on a chain that no profile names they are never left out without a word', async () => {
    const { faults } = stateSync()
    for (const told of [faults, { logs: faults.logs }, { receipts: faults.receipts }]) {
      const { result } = await fetchWith([told], 'where-held', chainProfiles.unknown)
      await expect(result).rejects.toThrow(/chain\.profile \(polygon/)
    }
    const { result } = await fetchWith([{}], 'where-held', chainProfiles.unknown)
    expect((await result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
    expect(profileNameOf(31_337)).toBe('unknown')
    expect(profileNameOf(137)).toBe('polygon')
  })

  test('a log outside the root that is counted from 0 again gets a place of its own', async () => {
    const { log, faults } = stateSync()
    const again = { ...log, logIndex: 0 }
    const { result } = await fetchWith(
      [
        {
          receipts: (all) =>
            faults
              .receipts(all)
              .map((receipt) =>
                receipt.transactionHash === log.transactionHash
                  ? { ...receipt, logs: [again] }
                  : receipt,
              ),
        },
      ],
      'where-held',
      chainProfiles.polygon,
    )
    expect((await result).flatMap(({ logs }) => logs)).toEqual(found(log))
  })

  test('below the first block that commits to its receipts, they are not asked for', async () => {
    const { source, result } = await fetchWith([{ receipts: () => [] }], 'every-block', {
      ...chainProfiles.celo,
      since: 1_000,
    })
    expect((await result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
    expect(source.requests.receipts).toBeUndefined()
  })

  test('a header that settles an older block is believed to do so only where its chain has such', async () => {
    const fault: FakeFaults = {
      headers: (headers) => headers.map((header) => ({ ...header, settlesOlder: true })),
      receipts: () => [],
    }
    const there = await fetchWith([fault], 'where-held', chainProfiles.avalanche)
    expect((await there.result).flatMap(({ logs }) => logs)).toEqual(honestLogs())
    const { result } = await fetchWith([fault])
    await expect(result).rejects.toThrow(/the receipts hash to/)
  })

  test('a header that hashes in another way is refused with the settings that help', async () => {
    const { result } = await fetchWith([
      { headers: (headers) => headers.map((header) => ({ ...header, hashProven: false })) },
    ])
    await expect(result).rejects.toThrow(/chain\.profile, or set chain\.headerHash to false/)
  })

  test('no chain has two profiles', () => {
    const ids = Object.values(chainProfiles).flatMap(
      ({ chainIds }) => chainIds as readonly number[],
    )
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('bloom filters', () => {
  const item = fc
    .bigInt(1n, 2n ** 160n - 1n)
    .map((n) => `0x${n.toString(16).padStart(40, '0')}` as const)

  test('never deny what they hold', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), (addresses) => {
        const bloom = bloomOf(addresses.map((address) => ({ address, topics: [], data: '0x' })))
        for (const address of addresses) expect(bloomMayHold(bloom, bitsOf(address))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('mostly deny what they do not', () => {
    const bloom = bloomOf(
      Array.from({ length: 20 }, (_, index) => ({
        address: `0x${(index + 1).toString(16).padStart(40, '0')}` as const,
        topics: [],
        data: '0x' as const,
      })),
    )
    const strangers = Array.from({ length: 2_000 }, (_, index) => addressOf(0x10000 + index))
    const alarms = strangers.filter((address) => bloomMayHold(bloom, bitsOf(address)))
    expect(alarms.length).toBeLessThan(10)
    const isSet = (bit: number) => ((BigInt(bloom) >> BigInt(bit)) & 1n) === 1n
    expect(alarms).toEqual(strangers.filter((address) => bitsOf(address).every(isSet)))
  })

  test('doubt an answer that lacks what they may hold, or has what they do not', () => {
    const few = [1, 2, 3, 4, 5].map(addressOf)
    const topics = [1, 2, 3].map((seed) => `0x${seed.toString(16).padStart(64, '0')}` as const)
    const drafts = fc.array(
      fc
        .tuple(fc.constantFrom(...few), fc.constantFrom(...topics))
        .map(([address, topic]) => ({ address, topics: [topic], data: '0x' as const })),
      { maxLength: 4 },
    )
    const [header] = chain.blocks.map((block) => block.header)
    const asked = fc.record(
      { addresses: fc.subarray(few), topics: fc.subarray(topics) },
      { requiredKeys: ['topics'] },
    )
    fc.assert(
      fc.property(drafts, drafts, asked, (held, answered, wanted) => {
        const logsBloom = bloomOf(held)
        const holds = (hex: `0x${string}`): boolean =>
          bitsOf(hex).every((bit) => ((BigInt(logsBloom) >> BigInt(bit)) & 1n) === 1n)
        const seen = answered.map((log) =>
          wanted.addresses ? log.address : (log.topics[0] as `0x${string}`),
        )
        const lacks = (wanted.addresses ?? wanted.topics).some(
          (hex) => holds(hex) && !seen.includes(hex),
        )
        const isDoubted = !seen.every(holds) || (lacks && wanted.topics.some(holds))
        const logs = answered.map((log) => ({ ...log }) as unknown as RawLog)
        expect(isSuspect({ ...header, logsBloom } as never, wanted, logs, bitsOf)).toBe(isDoubted)
      }),
      { numRuns: 500 },
    )
  })
})
