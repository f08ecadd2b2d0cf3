import type { Attribute, Media, TokenContent, WantedToken } from './metadata.ts'
import { schemeOf, withTokenId } from './places.ts'

/** Levels of a document. */
const DEPTH_MAX = 16
const NAME_CHARACTERS_MAX = 200
const DESCRIPTION_CHARACTERS_MAX = 4_000
const URI_CHARACTERS_MAX = 2_048
/** An image in the document itself. */
const DATA_CHARACTERS_MAX = 32_768
const ATTRIBUTES_MAX = 100
const TRAIT_CHARACTERS_MAX = 100
const VALUE_CHARACTERS_MAX = 200

/** A document, or why it is none. */
export type ReadDocument =
  | { readonly status: 'read'; readonly content: TokenContent }
  | { readonly status: 'refused'; readonly why: string }

/**
 * Reads what a token says of itself, in the JSON of ERC-721 and ERC-1155 with the `attributes` that marketplaces have
 * agreed on. What is not as it should be is left out; only a text that is no JSON object is refused.
 */
export function readDocument(text: string, token: WantedToken): ReadDocument {
  if (depthOf(text) > DEPTH_MAX)
    return { status: 'refused', why: `its JSON is nested deeper than ${DEPTH_MAX} levels` }
  let value: unknown
  try {
    // Some servers put a byte order mark in front.
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return { status: 'refused', why: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { status: 'refused', why: 'its JSON is not an object' }
  const given = value as Readonly<Record<string, unknown>>
  const media = (...names: readonly string[]): Media =>
    mediaOf(
      names.map((name) => given[name]).find((each) => typeof each === 'string'),
      token,
    )
  const external = media('external_url')
  return {
    status: 'read',
    content: {
      name: lineOf(given.name, NAME_CHARACTERS_MAX),
      description: textOf(given.description, DESCRIPTION_CHARACTERS_MAX),
      image: media('image', 'image_url', 'image_data'),
      animation: media('animation_url'),
      externalUrl: external.kind === 'http' ? external.uri : null,
      attributes: attributesOf(given.attributes),
    },
  }
}

/** How deep brackets are nested, outside of texts. */
function depthOf(json: string): number {
  let [depth, deepest] = [0, 0]
  for (const [part] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[[\]{}]/gs)) {
    if (part === '{' || part === '[') deepest = Math.max(deepest, ++depth)
    else if (part === '}' || part === ']') depth--
  }
  return deepest
}

/** Control and format characters, which terminals obey and which turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** The same but for breaks between lines. */
const UNPRINTABLE_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A picture in a data URI may have lines. */
const UNPRINTABLE_IN_URI = /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Cut between characters, never within one. */
const cut = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')

const lineOf = (value: unknown, max: number): string | null => cleanOf(value, max, UNPRINTABLE)

const textOf = (value: unknown, max: number): string | null =>
  cleanOf(value, max, UNPRINTABLE_IN_LINES)

function cleanOf(value: unknown, max: number, unprintable: RegExp): string | null {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return null
  // No more of it is looked at than may stay.
  const text = cut(String(value), max * 2)
    .replaceAll(unprintable, '')
    .trim()
  return text === '' ? null : cut(text, max)
}

const NO_MEDIA: Media = { kind: 'none', uri: null, mediaType: null }

const KINDS: Readonly<Record<string, Media['kind']>> = {
  http: 'http',
  https: 'http',
  ipfs: 'ipfs',
  ar: 'arweave',
  data: 'data',
}

function mediaOf(value: unknown, token: WantedToken): Media {
  if (typeof value !== 'string') return NO_MEDIA
  const text = value.trim()
  // The picture itself, as some contracts that draw it have it.
  if (/^<svg[\s>]/i.test(text.slice(0, 5)))
    return mediaOf(
      `data:image/svg+xml;utf8,${encodeURIComponent(cut(text, DATA_CHARACTERS_MAX))}`,
      token,
    )
  const uri = withTokenId(text, token)
  const kind = KINDS[schemeOf(uri) ?? ''] ?? 'none'
  const max = kind === 'data' ? DATA_CHARACTERS_MAX : URI_CHARACTERS_MAX
  if (kind === 'none' || uri.length > max || UNPRINTABLE_IN_URI.test(uri)) return NO_MEDIA
  const mediaType =
    kind === 'data' ? (/^data:([a-z]+\/[a-z0-9.+-]{1,60})[;,]/i.exec(uri)?.[1] ?? null) : null
  return { kind, uri, mediaType: mediaType?.toLowerCase() ?? null }
}

/** A list of traits; or an object of them, as some collections have it. */
function attributesOf(value: unknown): Attribute[] {
  const entries: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'object' && value !== null
      ? Object.entries(value).map(([name, each]) => ({ trait_type: name, value: each as unknown }))
      : []
  return entries.slice(0, ATTRIBUTES_MAX).flatMap((entry) => attributeOf(entry) ?? [])
}

function attributeOf(entry: unknown): Attribute | null {
  // A list of plain words has values without names.
  const given = (
    typeof entry === 'object' && entry !== null ? entry : { value: entry }
  ) as Readonly<Record<string, unknown>>
  const value = lineOf(given.value, VALUE_CHARACTERS_MAX)
  if (value === null) return null
  return {
    traitType: lineOf(given.trait_type, TRAIT_CHARACTERS_MAX),
    value,
    displayType: lineOf(given.display_type, TRAIT_CHARACTERS_MAX),
  }
}
