import type { BalancePoint, TokenBalance, UntoldReason } from '#core/tokens/balance.ts'
import type { BalanceAt } from '#core/tokens/list-balances.ts'
import type { BalanceTrust, TrustedSummary } from '#core/tokens/read-summary.ts'
import {
  address,
  bigint,
  choice,
  field,
  hash,
  int,
  linkTo,
  maybe,
  resource,
  time,
} from './resource.ts'
import { token } from './tokens.ts'

const SHORTFALL =
  'Units that the account sent although no transfer brought them. Where this is not 0, see `balances` of the token.'

export const tokenBalance = resource<TokenBalance>(
  'TokenBalance',
  'How much of an ERC-20 token an account holds, by its transfers. Raw units.',
  {
    token: field(linkTo(token), (of) => of.token),
    account: field(address, ({ account }) => account),
    balance: field(bigint, ({ balance }) => balance),
    shortfall: field(bigint, ({ shortfall }) => shortfall, SHORTFALL),
  },
)

export const balancePoint = resource<BalancePoint>(
  'BalancePoint',
  'What an account held of a token after a block that changed it. Raw units.',
  {
    blockNumber: field(int, ({ number }) => number),
    timestamp: field(time, ({ timestamp }) => timestamp),
    balance: field(bigint, ({ balance }) => balance),
  },
)

export const balanceAt = resource<BalanceAt>(
  'BalanceAt',
  'What an account held of a token after a block. Raw units.',
  {
    token: field(linkTo(token), (of) => of.token),
    account: field(address, ({ account }) => account),
    blockNumber: field(int, ({ number }) => number),
    balance: field(bigint, ({ balance }) => balance),
    changedBlock: maybe(
      int,
      ({ changedBlock }) => changedBlock,
      'The block that changed it last; null where none did.',
    ),
  },
)

const balanceTrust = choice<BalanceTrust>('BalanceTrust', {
  whole: {
    description:
      'Every transfer since its start block is indexed, and nothing speaks against them.',
  },
  partial: {
    description:
      'Transfers from before the first block indexed may be missing: balances are what came in since then.',
  },
  untold: {
    description:
      'Its balances change otherwise than by transfers, so that events do not tell them.',
  },
})

const untoldReason = choice<UntoldReason>('UntoldReason', {
  'rebase-event': {
    description:
      'The token said itself that balances changed without transfers (LogRebase, TokenRebased).',
  },
  'reserve-differs': {
    description:
      'The reserve of a pool moved by another amount than transfers to and from the pool.',
  },
  'sent-more-than-received': { description: 'An account sent what no transfer brought it.' },
})

type Untold = {
  readonly reason: UntoldReason
  readonly blockNumber: number
  readonly transactionHash: `0x${string}`
  readonly account: `0x${string}`
}

const untoldEvidence = resource<Untold>(
  'UntoldEvidence',
  'What shows that the transfers of a token do not tell its balances.',
  {
    reason: field(untoldReason, ({ reason }) => reason),
    blockNumber: field(int, ({ blockNumber }) => blockNumber),
    transactionHash: field(hash, ({ transactionHash }) => transactionHash),
    account: field(address, ({ account }) => account, 'The account or pool that gave it away.'),
  },
)

type Tax = {
  readonly blockNumber: number
  readonly transactionHash: `0x${string}`
  readonly pool: `0x${string}`
  readonly sent: bigint
  readonly received: bigint
}

const taxEvidence = resource<Tax>(
  'TaxEvidence',
  'The first swap in which less of a token arrived than its pool sent: it takes a fee on transfers. Raw units.',
  {
    blockNumber: field(int, ({ blockNumber }) => blockNumber),
    transactionHash: field(hash, ({ transactionHash }) => transactionHash),
    pool: field(address, ({ pool }) => pool),
    sent: field(bigint, ({ sent }) => sent),
    received: field(bigint, ({ received }) => received),
  },
)

export const tokenSummary = resource<TrustedSummary>(
  'TokenSummary',
  'An indexed ERC-20 token over all its accounts, and what its events gave away about it. Raw units.',
  {
    token: field(linkTo(token), (of) => of.token),
    balances: field(balanceTrust, ({ balances }) => balances, 'What its balances are worth.'),
    holders: field(int, ({ holders }) => holders, 'Accounts that hold any.'),
    transfers: field(int, ({ transfers }) => transfers),
    supply: field(
      bigint,
      ({ minted, burnt }) => (minted > burnt ? minted - burnt : 0n),
      'What came from the zero address less what went there, as far as transfers are indexed.',
    ),
    minted: field(bigint, ({ minted }) => minted),
    burnt: field(bigint, ({ burnt }) => burnt),
    untold: maybe(untoldEvidence, (of) =>
      of.untoldReason === null
        ? null
        : ({
            reason: of.untoldReason,
            blockNumber: of.untoldBlock,
            transactionHash: of.untoldTransaction,
            account: of.untoldAccount,
          } as Untold),
    ),
    feeOnTransfer: maybe(taxEvidence, (of) =>
      of.taxBlock === null
        ? null
        : ({
            blockNumber: of.taxBlock,
            transactionHash: of.taxTransaction,
            pool: of.taxPool,
            sent: of.taxSent,
            received: of.taxReceived,
          } as Tax),
    ),
  },
)
