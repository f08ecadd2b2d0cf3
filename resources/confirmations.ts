import type { Confirmation } from '#core/dex/quote.ts'
import { bigint, choice, field, maybe, resource, text } from './resource.ts'
import { swapAmounts } from './routes.ts'

const confirmationStatus = choice<Confirmation['status']>('ConfirmationStatus', {
  confirmed: { description: 'The chain gives exactly these amounts.' },
  differs: { description: 'The chain gives other amounts: see `quoted` and `executed`.' },
  unconfirmed: { description: 'It was not tried out, or the trial failed: see `cause`.' },
})

const unconfirmedCause = choice<Extract<Confirmation, { status: 'unconfirmed' }>['cause']>(
  'UnconfirmedCause',
  {
    reverted: { description: 'It was tried out, and the chain refuses it.' },
    'not-asked': { description: 'It is of a past block, or no node can be asked.' },
    'not-tried': {
      description:
        'The trial could not be set up or was not answered: this says nothing about the swap.',
    },
  },
)

const confirmedBy = choice<NonNullable<Confirmation['by']>>('ConfirmedBy', {
  router: { description: 'The configured router, by its own calldata.' },
  pools: { description: 'The pools themselves, since the router does not reach all of them.' },
})

export const confirmation = resource<Confirmation>(
  'QuoteConfirmation',
  'What the transaction does when it is tried out on the state of the block.',
  {
    status: field(confirmationStatus, ({ status }) => status),
    by: maybe(confirmedBy, ({ by }) => by, 'What was tried out; null where nothing was.'),
    cause: maybe(
      unconfirmedCause,
      (of) => ('cause' in of ? of.cause : null),
      'What kind of reason it is.',
    ),
    reason: maybe(text, (of) => ('reason' in of ? of.reason : null), 'Why it is unconfirmed.'),
    gas: maybe(bigint, (of) => ('gas' in of ? of.gas : null), 'Gas units that the trial used.'),
    quoted: maybe(
      swapAmounts,
      (of) => ('quoted' in of ? of.quoted : null),
      'Where it differs: what was computed.',
    ),
    executed: maybe(
      swapAmounts,
      (of) => ('executed' in of ? of.executed : null),
      'Where it differs: what the chain gives.',
    ),
  },
)
