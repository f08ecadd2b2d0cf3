import { chosenChain } from '#core/chain-choice.ts'
import type { Intent } from '#core/relay/intent.ts'
import { accountName, memoLine, readAmount, readArgument } from '#api/points/input.ts'
import { readSpendOf, spendFor, spendsOf } from '#api/points/spends.ts'
import type { Api, ServedChain } from '#api/wire.ts'
import { pointsSpend, pointsSpendWay } from '#resources/points-spends.ts'
import { builder } from './builder.ts'
import { keyArg } from './points.ts'
import { enumOf, typeOf } from './resources.ts'

const servedBy = ({ chains }: Api, id: number): ServedChain =>
  chosenChain(chains, String(id), 'chain')

/** `Query.pointsSpend`, `Mutation.spendPoints` and `Subscription.pointsSpendUpdates` */
export function addPointsSpends(): void {
  builder.queryField('pointsSpend', (t) =>
    t.field({
      type: typeOf(pointsSpend),
      description: 'How far a spend has come, by the key that whoever asks has sent it with.',
      args: { key: t.arg.string({ required: true }) },
      async resolve(_root, { key }, { api, ports, who }) {
        const spends = spendsOf(api, servedBy(api, ports.settings.chain.id))
        return readSpendOf(spends, await who(), key)
      },
    }),
  )
  builder.subscriptionField('pointsSpendUpdates', (t) =>
    t.field({
      type: typeOf(pointsSpend),
      nullable: false,
      description:
        'A spend as it is now, and again whenever it has changed, by the key that whoever asks has sent it with; over when ' +
        'it has ended, and with the session of whoever asks.',
      args: { key: t.arg.string({ required: true }) },
      subscribe(_root, { key }, { api, ports, spendUpdates }) {
        return spendUpdates(spendsOf(api, servedBy(api, ports.settings.chain.id)), key)
      },
      resolve: (intent: Intent) => intent,
    }),
  )
  builder.mutationField('spendPoints', (t) =>
    t.field({
      type: typeOf(pointsSpend),
      description:
        'Spends points on a chain: a person’s own, on a wallet that it has proven, or any for a key with points:spend.',
      args: {
        key: t.arg.string(keyArg),
        account: t.arg.string({ required: true }),
        wallet: t.arg({
          type: 'Address',
          required: true,
          description: 'On which the contract books it.',
        }),
        amount: t.arg({ type: 'BigInt', required: true, description: 'In raw units.' }),
        memo: t.arg.string({ description: 'A line for the record.' }),
        way: t.arg({
          type: enumOf(pointsSpendWay),
          description: 'Who sends the transaction; the service unless given.',
        }),
        chain: t.arg.string({
          description: 'The name or the id of a chain, see `chains`; the default one unless given.',
        }),
      },
      async resolve(_root, { key, amount, chain, wallet, ...args }, { api, act }) {
        const served = chain == null ? api.byDefault : chosenChain(api.chains, chain, 'chain')
        const spends = spendsOf(api, served)
        return spendFor(api, spends, await act(), key, {
          account: readArgument(accountName, 'account', args.account),
          wallet,
          amountRaw: readAmount('amount', amount),
          memo: readArgument(memoLine, 'memo', args.memo),
          way: args.way ?? 'relayed',
        })
      },
    }),
  )
}
