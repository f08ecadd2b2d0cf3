import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'
import { accrueSwaps, accrueTransfers } from '#core/earning/accrue-events.ts'
import { type Count, countHeld, countLiquidity } from '#core/earning/accrue-periods.ts'
import { type Accrual, limited } from '#core/earning/accrual.ts'
import { keyOfEarning, parseEarning } from '#core/earning/names.ts'
import { type KnownEarning, planEarnings } from '#core/earning/plan-earnings.ts'
import { type Period, periodOf, type RuleOf } from '#core/earning/rule.ts'
import { type Address, type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { toText } from '#core/ledger/text.ts'
import { addressOf } from '../../fakes/encode.ts'

const [ann, ben, cat] = [addressOf(0xa1), addressOf(0xb2), addressOf(0xc3)]
const [pool, manager, collection, token] = [1, 2, 3, 4].map(addressOf) as [
  Address,
  Address,
  Address,
  Address,
]
const common = {
  name: 'rule',
  version: 1,
  asset: 'points',
  startsAt: 0,
  periodSeconds: 100,
  capRaw: null,
  exclude: [],
} as const
const rate = { pointsRaw: 3n, perRaw: 10n }
const period = periodOf({ ...common, kind: 'nft-held', collection, pointsRaw: 1n }, 5)

let logIndex = 0
/** An event at a time in seconds; transactions are named by a number. */
function event(address: Address, timestamp: number, body: object, tx = (logIndex += 1)): any {
  const hash: Hash = `0x${tx.toString(16).padStart(64, '0')}`
  return {
    block: { number: timestamp, hash, timestamp },
    transactionHash: hash,
    logIndex: (logIndex += 1),
    address,
    body,
  } satisfies Omit<ChainEvent, 'body'> & { body: object }
}

const earned = (found: readonly { account: string; amountRaw: bigint }[]): [string, bigint][] =>
  found
    .filter(({ amountRaw }) => amountRaw > 0n)
    .map(({ account, amountRaw }) => [account, amountRaw])

describe('swaps', () => {
  const rule: RuleOf<'swap-volume'> = { ...common, kind: 'swap-volume', pool, side: 0, rate }
  const swap = (recipient: Address, amount0: bigint, tx?: number) =>
    event(
      pool,
      500,
      {
        type: 'swap',
        protocol: 'uniswap-v3',
        sender: addressOf(0x99),
        recipient,
        amount0,
        amount1: -amount0,
        sqrtPriceX96: 1n,
        liquidity: 1n,
        tick: 0,
      },
      tx,
    )

  test('earn by how far the net position goes, so that back and forth earns the way out once', () => {
    const found = accrueSwaps(rule, [
      swap(ann, 100n),
      swap(ann, -100n),
      swap(ann, 100n),
      swap(ann, -150n),
      swap(ann, -70n),
      swap(ben, -15n),
    ])
    expect(found.map(({ amountRaw }) => amountRaw)).toEqual([30n, 0n, 0n, 0n, 6n, 4n])
    expect(found[4]?.why).toMatchObject({ net: '-120', furthestBefore: '100', furthest: '120' })
  })

  test('many small ones earn as much as one, and the pool itself earns nothing', () => {
    const small = accrueSwaps(
      rule,
      Array.from({ length: 9 }, () => swap(ann, 7n)),
    )
    expect(small.reduce((sum, { amountRaw }) => sum + amountRaw, 0n)).toBe((63n * 3n) / 10n)
    expect(accrueSwaps(rule, [swap(pool, 100n), swap(ZERO_ADDRESS, 100n)])).toEqual([])
  })

  test('are named by transaction and ordinal, which a move to another block does not change', () => {
    const first = accrueSwaps(rule, [swap(ann, 10n, 7), swap(ben, 10n, 7), swap(ann, 10n, 8)])
    const tx = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
    const subjects = [`${tx(7)}:0`, `${tx(7)}:1`, `${tx(8)}:0`]
    expect(first.map(({ subject }) => subject)).toEqual(subjects)
    expect(first[1]?.cause).toMatch(
      /^swap in 0x.*block 500 0x.*, transaction 0x.*7, event 1, log \d+$/,
    )
  })

  test('are paid up to the cap, first come first, and to nobody who is excluded', () => {
    const found = accrueSwaps(rule, [
      swap(ann, 100n),
      swap(ben, 200n),
      swap(ann, 200n),
      swap(ann, 90n),
    ])
    const paid = limited({ ...rule, capRaw: 50n, exclude: [ben] }, found)
    expect(earned(paid)).toEqual([
      [ann, 30n],
      [ann, 20n],
    ])
    expect(paid[1]?.why.uncapped).toBe('60')
  })
})

test('transfers earn for the sender or the receiver, of those that the rule names', () => {
  const move = (from: Address, to: Address, amount: bigint) =>
    event(token, 500, { type: 'tokenTransfer', protocol: 'erc20', from, to, amount })
  const events = [move(ann, ben, 100n), move(ZERO_ADDRESS, ann, 50n), move(ben, ben, 900n)]
  const rule: RuleOf<'token-transfer'> = {
    ...common,
    kind: 'token-transfer',
    token,
    from: null,
    to: null,
    earns: 'receiver',
    rate,
  }
  expect(earned(accrueTransfers(rule, events))).toEqual([
    [ben, 30n],
    [ann, 15n],
  ])
  const minted = accrueTransfers({ ...rule, from: ZERO_ADDRESS }, events)
  expect(earned(minted)).toEqual([[ann, 15n]])
  const paidIn = accrueTransfers({ ...rule, to: ben, earns: 'sender' }, events)
  expect(earned(paidIn)).toEqual([[ann, 30n]])
})

/** What a period gives with these events, which come in two parts. */
function counted(count: Count<any>, of: Period, events: readonly any[]): Accrual[] {
  const half = events.length >> 1
  count.begin(of)
  for (const part of [events.slice(0, half), events.slice(half)]) count.add(part)
  return count.accruals()
}

describe('NFTs', () => {
  const rule: RuleOf<'nft-held'> = { ...common, kind: 'nft-held', collection, pointsRaw: 5n }
  const move = (at: number, from: Address, to: Address, tokenId: bigint, amount?: bigint) =>
    event(collection, at, {
      type: 'transfer',
      protocol: amount === undefined ? 'erc721' : 'erc1155',
      operator: null,
      from,
      to,
      tokenIds: [tokenId],
      amounts: [amount ?? 1n],
    })

  test('earn for who held them all through the period, each token once', () => {
    const events = [
      move(10, ZERO_ADDRESS, ann, 1n),
      move(20, ZERO_ADDRESS, ann, 2n),
      move(30, ZERO_ADDRESS, ben, 3n),
      // Walked through wallets within the period, and back.
      move(510, ann, ben, 2n),
      move(520, ben, cat, 2n),
      move(530, cat, ann, 2n),
      move(600, ben, cat, 3n),
    ]
    expect(earned(limited(rule, counted(countHeld(rule), period, events)))).toEqual([
      [ann, 5n],
      [ben, 5n],
    ])
  })

  test('that came at the first moment of the period, or whose sender never had them, count as the chain says', () => {
    const events = [
      move(500, ZERO_ADDRESS, ann, 1n),
      move(10, ZERO_ADDRESS, ben, 2n),
      move(20, ann, cat, 2n),
    ]
    const inOrder = events.toSorted((a, b) => a.block.timestamp - b.block.timestamp)
    expect(earned(limited(rule, counted(countHeld(rule), period, inOrder)))).toEqual([[cat, 5n]])
  })

  test('of ERC-1155 earn for the fewest units that were held at any moment', () => {
    const events = [
      move(10, ZERO_ADDRESS, ann, 1n, 10n),
      move(520, ann, ben, 1n, 6n),
      move(540, ben, ann, 1n, 6n),
    ]
    expect(earned(limited(rule, counted(countHeld(rule), period, events)))).toEqual([[ann, 20n]])
  })
})

describe('liquidity', () => {
  const rule: RuleOf<'liquidity'> = {
    ...common,
    kind: 'liquidity',
    pool,
    manager,
    rate: { pointsRaw: 1n, perRaw: 100n },
  }
  const change = (
    type: 'mint' | 'burn',
    at: number,
    owner: Address,
    liquidity: bigint,
    tx: number,
  ) =>
    event(
      pool,
      at,
      {
        type,
        protocol: 'uniswap-v3',
        ...(type === 'mint' && { sender: owner }),
        owner,
        tickLower: 0,
        tickUpper: 10,
        liquidity,
        amount0: liquidity,
        amount1: liquidity,
      },
      tx,
    )
  const ofManager = (type: string, at: number, more: object, tx: number) =>
    event(manager, at, { type, protocol: 'uniswap-v3', tokenId: 7n, ...more }, tx)

  test('earns by units times seconds within the period, for who holds the position', () => {
    const amounts = { liquidity: 10n, amount0: 10n, amount1: 10n }
    const events = [
      // Before the period, by way of the manager; the NFT changes hands in the middle of it.
      change('mint', 400, manager, 10n, 1),
      ofManager('transferPosition', 400, { from: ZERO_ADDRESS, to: ann }, 1),
      ofManager('increasePosition', 400, amounts, 1),
      ofManager('transferPosition', 550, { from: ann, to: ben }, 2),
      // In the name of its owner, and taken out again.
      change('mint', 510, cat, 40n, 3),
      change('burn', 560, cat, 40n, 4),
      // In and out in one block: no time at all.
      change('mint', 570, cat, 9_000_000n, 5),
      change('burn', 570, cat, 9_000_000n, 5),
      change('mint', 600, cat, 9_000_000n, 6),
    ]
    expect(earned(counted(countLiquidity(rule), period, events))).toEqual([
      [ann, 5n],
      [ben, 5n],
      [cat, 20n],
    ])
  })

  test('of another pool of the manager does not count', () => {
    const amounts = { liquidity: 10n, amount0: 10n, amount1: 10n }
    const events = [
      ofManager('transferPosition', 400, { from: ZERO_ADDRESS, to: ann }, 1),
      ofManager('increasePosition', 400, amounts, 1),
    ]
    expect(earned(counted(countLiquidity(rule), period, events))).toEqual([])
  })

  test('of a pair earns by its LP tokens', () => {
    const move = (at: number, from: Address, to: Address, amount: bigint) =>
      event(pool, at, { type: 'tokenTransfer', protocol: 'erc20', from, to, amount })
    const events = [move(400, ZERO_ADDRESS, ann, 10n), move(550, ann, pool, 10n)]
    expect(earned(counted(countLiquidity(rule), period, events))).toEqual([[ann, 5n]])
  })
})

describe('periods that are counted one behind another', () => {
  const accounts = [ZERO_ADDRESS, ann, ben, cat]
  const someone = fc.constantFrom(...accounts)
  const time = fc.integer({ min: 0, max: 599 })
  const periods = [0, 1, 2, 3, 4, 5]

  /** Each period from what the one before has ended with, against each from the beginning. */
  function expectSame<R extends RuleOf<'nft-held'> | RuleOf<'liquidity'>>(
    rule: R,
    countOf: (rule: R) => Count<any>,
    events: readonly any[],
  ): void {
    const count = countOf(rule)
    for (const index of periods) {
      const each = periodOf(rule, index)
      const before = events.filter(({ block }) => block.timestamp < each.end)
      const rest = before.filter(({ block }) => block.timestamp >= each.start)
      expect(limited(rule, counted(count, each, rest))).toEqual(
        limited(rule, counted(countOf(rule), each, before)),
      )
    }
  }

  const inOrder = (events: readonly any[]): any[] =>
    events.toSorted((a, b) => a.block.timestamp - b.block.timestamp || a.logIndex - b.logIndex)

  test('of tokens that are held give the same', () => {
    const rule: RuleOf<'nft-held'> = {
      ...common,
      kind: 'nft-held',
      collection,
      pointsRaw: 5n,
      capRaw: 12n,
    }
    const move = fc
      .record({
        at: time,
        from: someone,
        to: someone,
        id: fc.bigInt({ min: 1n, max: 3n }),
        amount: fc.option(fc.bigInt({ min: 1n, max: 4n })),
      })
      .map(({ at, from, to, id, amount }) => {
        const protocol = amount === null ? 'erc721' : 'erc1155'
        const tokens = { tokenIds: [id], amounts: [amount ?? 1n] }
        return event(collection, at, {
          type: 'transfer',
          protocol,
          operator: null,
          from,
          to,
          ...tokens,
        })
      })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) =>
        expectSame(rule, countHeld, inOrder(moves)),
      ),
    )
  })

  test('of liquidity give the same', () => {
    const rule: RuleOf<'liquidity'> = { ...common, kind: 'liquidity', pool, manager, rate }
    const acts = fc.record({
      at: time,
      kind: fc.constantFrom('mint', 'burn', 'increase', 'decrease', 'position', 'share'),
      who: someone,
      other: someone,
      amount: fc.bigInt({ min: 1n, max: 50n }),
    })
    let tx = 0
    const eventsOf = ({ at, kind, who, other, amount }: any): any[] => {
      tx += 1
      const protocol = 'uniswap-v3'
      const of = { liquidity: amount, amount0: amount, amount1: amount }
      const change = (type: string, owner: Address) =>
        event(pool, at, { type, protocol, sender: owner, owner, ...of }, tx)
      const told = (type: string, more: object) =>
        event(manager, at, { type, protocol, tokenId: 7n, ...more }, tx)
      if (kind === 'mint' || kind === 'burn') return [change(kind, who)]
      if (kind === 'increase') return [change('mint', manager), told('increasePosition', of)]
      if (kind === 'decrease') return [change('burn', manager), told('decreasePosition', of)]
      if (kind === 'position') return [told('transferPosition', { from: who, to: other })]
      const moved = { type: 'tokenTransfer', protocol: 'erc20', from: who, to: other, amount }
      return [event(pool, at, moved, tx)]
    }
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 40 }), (drawn) =>
        expectSame(rule, countLiquidity, inOrder(drawn.flatMap(eventsOf))),
      ),
    )
  })
})

describe('what the ledger has is brought to what the chain gives', () => {
  const rule: RuleOf<'swap-volume'> = { ...common, kind: 'swap-volume', pool, side: 0, rate }
  const requestOf = (operation: object): string => sha256(toText(operation))
  const accrual = (amountRaw: bigint, subject = 'tx:0') => ({
    subject,
    account: ann,
    amountRaw,
    cause: 'c',
    block: { number: 9, hash: ann },
    why: {},
  })
  const known = (
    amountRaw: bigint,
    state: KnownEarning['state'],
    attempt = 0,
    version = 1,
  ): KnownEarning => ({
    name: { rule: 'rule', chainId: 1, period: 5, subject: 'tx:0', version, attempt },
    state,
    request: requestOf({ kind: 'earn', asset: 'points', account: ann, amountRaw, cause: 'c' }),
  })
  const plan = (accruals: any[], had: KnownEarning[], isFinal = false, of = rule) => {
    const made = planEarnings(
      of,
      { chainId: 1, period: 5 },
      accruals,
      had,
      () => isFinal,
      requestOf,
    )
    const keys = (steps: readonly { key: string }[]) => steps.map(({ key }) => key)
    return {
      retract: keys(made.retract),
      earn: keys(made.earn),
      confirm: keys(made.confirm),
      astray: made.astray.length,
    }
  }
  const key = (attempt: number, version = 1) => `rule:1:5:tx:0:v${version}.${attempt}`
  const nothing = { retract: [], earn: [], confirm: [], astray: 0 }

  test('what is missing is earned, and confirmed when it is final', () => {
    expect(plan([accrual(5n)], [])).toEqual({ ...nothing, earn: [key(0)] })
    expect(plan([accrual(5n)], [known(5n, 'open')])).toEqual(nothing)
    expect(plan([accrual(5n)], [known(5n, 'open')], true)).toEqual({
      ...nothing,
      confirm: [`confirm:${key(0)}`],
    })
    expect(plan([accrual(5n)], [known(5n, 'confirmed')], true)).toEqual(nothing)
  })

  test('what is not there any more, or is another amount now, is taken back', () => {
    expect(plan([], [known(5n, 'open')])).toEqual({ ...nothing, retract: [`retract:${key(0)}`] })
    expect(plan([accrual(6n)], [known(5n, 'open')])).toEqual({
      ...nothing,
      retract: [`retract:${key(0)}`],
      earn: [key(1)],
    })
    // The block that had left is back: that is another earning.
    expect(plan([accrual(5n)], [known(5n, 'retracted')])).toEqual({ ...nothing, earn: [key(1)] })
  })

  test('what is confirmed stays, and is told where the chain says something else', () => {
    expect(plan([accrual(6n)], [known(5n, 'confirmed')], true)).toEqual({ ...nothing, astray: 1 })
    expect(plan([], [known(5n, 'confirmed')], true)).toEqual({ ...nothing, astray: 1 })
  })

  test('a new version of a rule counts anew what is not confirmed, and nothing twice', () => {
    const next = { ...rule, version: 2 }
    expect(plan([accrual(6n)], [known(5n, 'open')], true, next)).toEqual({
      retract: [`retract:${key(0)}`],
      earn: [key(1, 2)],
      confirm: [`confirm:${key(1, 2)}`],
      astray: 0,
    })
    expect(plan([accrual(6n)], [known(5n, 'confirmed')], true, next)).toEqual(nothing)
  })

  test('a name says what it is of, and is read again', () => {
    const name = {
      rule: 'a-b',
      chainId: 8453,
      period: 3,
      subject: '0xab:0',
      version: 2,
      attempt: 1,
    }
    expect(parseEarning(`earning/${keyOfEarning(name)}`)).toEqual(name)
    expect(parseEarning('cli/welcome')).toBeUndefined()
  })
})
