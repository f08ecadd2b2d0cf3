import type { Intent, IntentState, SpendWay } from '#core/relay/intent.ts'
import {
  address,
  bigint,
  choice,
  field,
  hash,
  hex,
  int,
  maybe,
  resource,
  text,
  time,
} from './resource.ts'

const state = choice<IntentState>('PointsSpendState', {
  new: { description: 'Recorded.' },
  held: {
    description: 'The points are put aside; they come back where nothing is signed in time.',
  },
  claimed: { description: 'Its deadline is fixed.' },
  signed: { description: 'It is signed. A voucher can be used from now on.' },
  sent: { description: 'The nodes have it.' },
  mined: { description: 'The newest block has it, which may still be taken back.' },
  settling: { description: 'A final block has it.' },
  voiding: { description: 'It can never be spent any more.' },
  settled: { description: 'The points are spent.' },
  voided: { description: 'The points are given back.' },
  refused: { description: 'The ledger did not put the points aside.' },
  quarantined: { description: 'An operator has to look.' },
})

export const pointsSpendWay = choice<SpendWay>('PointsSpendWay', {
  relayed: { description: 'The service sends the transaction.' },
  voucher: { description: 'The wallet sends it, with the voucher.' },
})

const evidenceOf = ({ verdict }: Intent) => (verdict?.kind === 'spent' ? verdict.evidence : null)

export const pointsSpend = resource<Intent>(
  'PointsSpend',
  'A spend of points on a chain, and how far it has come.',
  {
    id: field(text, ({ id }) => id, 'The hold in the ledger, too.'),
    chainId: field(int, ({ chainId }) => chainId),
    contract: field(address, ({ contract }) => contract, 'The points contract.'),
    operation: field(hash, ({ operation }) => operation, 'Names it in the contract.'),
    account: field(text, ({ account }) => account),
    asset: field(text, ({ asset }) => asset),
    wallet: field(address, ({ wallet }) => wallet, 'On which the contract books it.'),
    amount: field(bigint, ({ amountRaw }) => amountRaw, 'In raw units.'),
    memo: field(text, ({ memo }) => memo),
    way: field(pointsSpendWay, (intent) => intent.way),
    state: field(state, (intent) => intent.state),
    createdAt: field(time, ({ createdMs }) => Math.floor(createdMs / 1_000)),
    deadline: maybe(
      time,
      ({ deadlineS }) => deadlineS,
      'The contract takes it up to here, by the time of the block; null: not fixed yet.',
    ),
    voucher: maybe(hex, ({ voucher }) => voucher, 'The signature that `redeem` takes.'),
    transaction: maybe(
      hash,
      (intent) => evidenceOf(intent)?.transaction ?? null,
      'That spent it, in a final block.',
    ),
    blockNumber: maybe(int, (intent) => evidenceOf(intent)?.blockNumber ?? null, 'Of the same.'),
    blockHash: maybe(hash, (intent) => evidenceOf(intent)?.blockHash ?? null, 'Of the same.'),
    reason: maybe(
      text,
      ({ verdict, refusal }) => (verdict?.kind === 'void' ? verdict.cause : refusal),
      'Why the points were given back, or not put aside.',
    ),
  },
)
