import { type Quotable, UNQUOTED_REASONS, type UnquotedReason } from '#core/dex/quotable.ts'
import { choice, field, maybe, only, resource, text } from './resource.ts'

const quotableStatus = choice<Quotable['status']>('QuotableStatus', {
  yes: { description: 'From the index, at past blocks, and from the chain.' },
  'live-only': { description: 'At the newest block alone, with its state read from the chain.' },
  no: { description: 'Not at this block.' },
})

const unquotedReason = choice<UnquotedReason>(
  'UnquotedReason',
  Object.fromEntries(
    Object.entries(UNQUOTED_REASONS).map(([word, description]) => [word, { description }]),
  ) as Record<UnquotedReason, { description: string }>,
)

export const quotability = resource<Quotable>(
  'Quotability',
  'Whether quotes go through a pool, and why they do not, or not always.',
  {
    status: field(quotableStatus, (of) => of.status),
    reason: maybe(unquotedReason, (of) => of.reason, 'Null where the status is `yes`.'),
    explanation: only(
      ['graphql', 'json'],
      maybe(text, ({ reason }) => reason && UNQUOTED_REASONS[reason], 'The reason in words.'),
    ),
  },
)
