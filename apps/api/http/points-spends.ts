import { z } from 'zod'
import { chosenChain } from '#core/chain-choice.ts'
import { accountName, memoLine, pointsAmount, spendKey, spendWay } from '#api/points/input.ts'
import { readSpendOf, spendFor, spendsOf } from '#api/points/spends.ts'
import { ACT_POINTS } from '#api/rate-limit.ts'
import { pointsSpend } from '#resources/points-spends.ts'
import { chainParameter } from './chain-parameter.ts'
import { command } from './command.ts'
import { own } from './own.ts'
import { address } from './parameters.ts'

const NOT_SET_UP = { status: 404, when: 'No points are spent on this chain.' }

export const spendOnChain = command({
  path: '/v1/points/spends',
  id: 'spendPoints',
  summary:
    'Spends points on a chain: a person’s own, on a wallet that it has proven, or any for a key with points:spend.',
  parameters: {},
  body: z.strictObject({
    chain: chainParameter,
    account: accountName,
    wallet: address,
    amount: pointsAmount,
    memo: memoLine,
    way: spendWay,
  }),
  returns: pointsSpend,
  points: ACT_POINTS,
  refuses: [
    {
      status: 403,
      when: 'The account or the wallet is somebody else’s, or the API key has no scope for it.',
    },
    NOT_SET_UP,
    {
      status: 409,
      when: 'The ledger has refused it, and says why in `code`; that is the answer of the key for good.',
    },
  ],
  example: {
    body: {
      account: 'discord:1234',
      wallet: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
      amount: '30',
      memo: 'sticker',
    },
  },
  async run(api, principal, { body: { chain, amount, ...wanted } }, key) {
    const served = chain === undefined ? api.byDefault : chosenChain(api.chains, chain, 'chain')
    const spends = spendsOf(api, served)
    return spendFor(api, spends, principal, key, { ...wanted, amountRaw: amount })
  },
})

export const spendOfKey = own({
  path: '/v1/points/spends/:key',
  id: 'readPointsSpend',
  summary: 'How far a spend has come, by the key that whoever asks has sent it with.',
  parameters: z.strictObject({ key: spendKey, chain: chainParameter }),
  returns: { item: pointsSpend },
  refuses: [{ status: 404, when: 'There is no such spend, or none on this chain.' }],
  example: () => ({ parameters: { key: '6c1f2b7e-6f0f-4f5e-9a53-0d5c2c1f7f10' } }),
  async answer(api, principal, { key, chain }) {
    const served = chain === undefined ? api.byDefault : chosenChain(api.chains, chain, 'chain')
    return readSpendOf(spendsOf(api, served), principal, key)
  },
})
