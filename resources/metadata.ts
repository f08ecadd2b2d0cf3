import type {
  Attribute,
  Media,
  MediaKind,
  MetadataState,
  TokenMetadata,
} from '#core/nft/metadata/metadata.ts'
import { tokenStandard } from './holdings.ts'
import {
  address,
  bigint,
  choice,
  field,
  hash,
  int,
  listOf,
  maybe,
  resource,
  text,
  time,
} from './resource.ts'

const state = choice<MetadataState>(
  'MetadataState',
  {
    wanted: { description: 'It is to be fetched, and nobody has tried yet.' },
    fetched: { description: 'There is a document.' },
    missing: {
      description: 'The contract names none, or there is none where it says.',
    },
    refused: { description: 'What the contract names may not or cannot be read.' },
    failed: { description: 'It could not be read now; it is tried again.' },
  },
  'What the newest try to fetch the metadata of a token came to.',
)

const freshness = choice('MetadataFreshness', {
  current: {},
  stale: { description: 'An event has told of a change since, and it was not read again yet.' },
})

const mediaKind = choice<MediaKind>(
  'MediaKind',
  {
    http: { description: 'At a server.' },
    ipfs: { description: 'In IPFS: put the path behind a gateway.' },
    arweave: { description: 'In Arweave: put the path behind a gateway.' },
    data: { description: 'In the URI itself.' },
    none: { description: 'There is none, or none that is of a known kind and length.' },
  },
  'How the URI of a medium is to be read.',
)

const media = resource<Media>(
  'Media',
  'A picture, film or sound as the token tells of it. Nobody has looked at what is there: load it in a sandbox.',
  {
    kind: field(mediaKind, ({ kind }) => kind),
    uri: maybe(text, ({ uri }) => uri, 'As told by the token; null where `kind` is none.'),
    mediaType: maybe(
      text,
      ({ mediaType }) => mediaType,
      'What a data URI says that it is. An SVG may hold scripts.',
    ),
  },
)

const attribute = resource<Attribute>('TokenAttribute', 'A trait of a token.', {
  traitType: maybe(text, ({ traitType }) => traitType, 'Null where the token names none.'),
  value: field(text, ({ value }) => value, 'Numbers and truth values too are text.'),
  displayType: maybe(text, ({ displayType }) => displayType, 'How it is meant to be shown.'),
})

const NO_MEDIA: Media = { kind: 'none', uri: null, mediaType: null }
const SECOND_MS = 1_000
const secondsOf = (ms: number | null): number | null =>
  ms === null ? null : Math.floor(ms / SECOND_MS)

export const tokenMetadata = resource<TokenMetadata>(
  'TokenMetadata',
  'What a token says of itself: text by strangers, without control characters and cut to a length. Never put it into a page as HTML.',
  {
    collection: field(address, ({ collection }) => collection),
    tokenId: field(bigint, ({ tokenId }) => tokenId),
    standard: field(tokenStandard, ({ standard }) => standard),
    state: field(state, (of) => of.state),
    reason: maybe(text, ({ reason }) => reason, 'Why it is not fetched.'),
    freshness: field(freshness, ({ isStale }) => (isStale ? 'stale' : 'current')),
    uri: maybe(text, ({ uri }) => uri, 'What the contract names; null where it is too long.'),
    name: maybe(text, ({ content }) => content?.name ?? null),
    description: maybe(text, ({ content }) => content?.description ?? null),
    image: field(media, ({ content }) => content?.image ?? NO_MEDIA),
    animation: field(media, ({ content }) => content?.animation ?? NO_MEDIA),
    externalUrl: maybe(text, ({ content }) => content?.externalUrl ?? null, 'http or https.'),
    attributes: field(listOf(attribute), ({ content }) => content?.attributes ?? []),
    blockNumber: maybe(int, ({ block }) => block?.number ?? null, 'When the contract was asked.'),
    blockHash: maybe(hash, ({ block }) => block?.hash ?? null),
    fetchedAt: maybe(
      time,
      ({ fetchedAtMs }) => secondsOf(fetchedAtMs),
      'When the document was fetched that the fields above are of.',
    ),
    nextTryAt: maybe(
      time,
      ({ dueAtMs }) => secondsOf(dueAtMs),
      'Null: when an event tells of a change.',
    ),
  },
)
