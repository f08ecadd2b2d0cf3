import type { Operation, OperationRequest } from '#core/ledger/operation.ts'
import type { Random } from '../../fakes/random.ts'

export const ACCOUNTS = ['alice', 'bob', 'carol'] as const
const SCOPE = 'sim'
const asset = 'gems'

const limitsOf = (random: Random): Operation => {
  const limit = (most: number): bigint | null =>
    random.chance(0.7) ? null : BigInt(1 + random.int(most))
  return {
    kind: 'set-asset',
    asset,
    name: 'Gems',
    decimals: 0,
    spendMaxRaw: limit(40),
    spendPerDayMaxRaw: limit(120),
    balanceMaxRaw: limit(300),
    supplyMaxRaw: limit(600),
    expiresAfterMs: null,
  }
}

/** Requests of one run: some with the key of another one, some for things that are not there. */
export function requestsOf(random: Random, count: number): OperationRequest[] {
  const requests: OperationRequest[] = []
  const add = (operation: Operation, key = `k${requests.length}`): void =>
    void requests.push({ scope: SCOPE, key, actor: 'sim', operation })
  const holds: string[] = ['sim/none']
  const earnings: string[] = ['sim/none']
  const others: string[] = ['sim/none']
  add(limitsOf(random))
  while (requests.length < count) {
    const account = random.pick(ACCOUNTS)
    const amountRaw = BigInt(1 + random.int(60))
    const id = `${SCOPE}/k${requests.length}`
    const memo = ''
    const move = { asset, account, amountRaw }
    switch (random.int(16)) {
      case 0:
      case 1:
      case 2:
        others.push(id)
        add({ kind: 'grant', ...move, memo })
        break
      case 3: {
        others.push(id)
        const grants = ACCOUNTS.map((each) => ({ account: each, amountRaw }))
        add({ kind: 'grant-many', asset, grants, memo })
        break
      }
      case 4:
      case 5:
      case 6:
        others.push(id)
        add({ kind: 'spend', ...move, feeRaw: BigInt(random.int(Number(amountRaw))), memo })
        break
      case 7:
      case 8:
        holds.push(id)
        add({
          kind: 'hold',
          ...move,
          leaseMs: random.chance(0.5) ? null : 1 + random.int(50),
          memo,
        })
        break
      case 9:
        earnings.push(id)
        add({ kind: 'earn', ...move, cause: 'a swap' })
        break
      case 10: {
        const earning = random.pick(earnings)
        add(random.chance(0.6) ? { kind: 'confirm', earning } : { kind: 'retract', earning, memo })
        break
      }
      case 11:
        add({ kind: 'settle', hold: random.pick(holds), amountRaw, feeRaw: 0n, memo })
        break
      case 12: {
        const hold = random.pick(holds)
        add(
          random.pick([
            { kind: 'void', hold, memo },
            { kind: 'lapse', hold },
            { kind: 'pin', hold },
          ]),
        )
        break
      }
      case 13:
        add({ kind: 'reverse', operation: random.pick(others), memo })
        break
      case 14:
        add(
          random.chance(0.3)
            ? { kind: 'freeze', account, memo }
            : { kind: 'unfreeze', account, memo },
        )
        break
      default: {
        // The key of another request, for the same or for something else.
        const { key, operation } = random.pick(requests)
        add(random.chance(0.5) ? operation : { kind: 'grant', ...move, memo: 'other' }, key)
      }
    }
  }
  return requests
}
