/** The reference of REST as Markdown, made from its OpenAPI document. */
export function restReference({ paths, components }: any): string {
  const operations = Object.entries<any>(paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, of]) => ({ path, method, of })),
  )
  return `${[INTRODUCTION, ...operations.map(operationText), '## What answers hold', ...Object.entries<any>(components.schemas).map(schemaText)].join('\n\n')}\n`
}

const INTRODUCTION = `# REST

Made from \`/v1/openapi.json\`, which the API serves; a test compares the two (\`npx vitest run test/apps/openapi.test.ts --update\` accepts a change). In development \`/v1/docs\` shows the same as a page on which each operation can be tried. The examples below are about a history of Ethereum mainnet; those that an API serves are about what it has indexed.

Answers are JSON. \`block\` names the block that an answer is true at. Amounts are decimal strings in raw units, times are seconds since 1970 (UTC). A field that has nothing is null. Lists go on behind \`nextCursor\` until it is null: send it as \`after\`. A page may have fewer items than asked for, or none, and still go on: where little of much is listed, it ends when enough was looked at. Where an example has \`$TOKEN\`, it stands for a session ([sign-in](sign-in.md)) or a key.

A request that is not answered gets a problem (RFC 9457) with a stable \`code\`. Any may be 400 for a request that is not as described here, 429 for a client that has asked for more than its share, and 503 where a part of the service cannot be used or is too busy; 429 and 503 say in \`Retry-After\` when to ask again.`

const ALWAYS = new Set(['200', '400', '429', '503'])

function operationText({ path, method, of }: { path: string; method: string; of: any }): string {
  const { schema } = of.responses[200].content['application/json']
  const { items, item } = schema.properties
  const answer = items ? `a page of ${nameOf(items.items)}` : nameOf(item)
  const others = Object.entries<any>(of.responses)
    .filter(([status]) => !ALWAYS.has(status))
    .map(([status, { description }]) => `- ${status}: ${description}`)
  const body = of.requestBody?.content['application/json']
  const rows = of.parameters.map(
    ({ name, required, description = '', schema: takes }: any) =>
      `| \`${name}\`${required ? '' : ', optional'} | ${takesText(takes)} | ${description} |`,
  )
  return [
    `## ${method.toUpperCase()} \`${path}\``,
    of.summary,
    ...(rows.length > 0 ? [['| parameter | takes | |', '|---|---|---|', ...rows].join('\n')] : []),
    ...(body ? [bodyText(body.schema)] : []),
    `Answers with ${answer}.`,
    ...(others.length > 0 ? [others.join('\n')] : []),
    `\`\`\`sh\n${exampleText(path, of, body?.example)}\n\`\`\``,
  ].join('\n\n')
}

function bodyText({ properties, required = [] }: any): string {
  const members = Object.entries<any>(properties)
  if (members.length === 0) return 'The body is `{}`.'
  const all = members.map(([name, takes]) => `\`${name}\` (${takesText(takes)})`).join(', ')
  return `The body takes ${all}; needed are ${required.map((name: string) => `\`${name}\``).join(', ')}.`
}

function exampleText(path: string, of: any, body: unknown): string {
  let at = path
  const query = new URLSearchParams()
  for (const { name, in: place, example } of of.parameters)
    if (example !== undefined && place === 'path') at = at.replace(`{${name}}`, example)
    else if (example !== undefined && place === 'query') query.set(name, String(example))
  const who = of.security ? ` -H "authorization: Bearer $TOKEN"` : ''
  const url = `localhost:4000${at}${query.size > 0 ? `?${query}` : ''}`
  return body === undefined
    ? `curl -s '${url}'${who}`
    : `curl -s ${url}${who} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`
}

const nameOf = ({ $ref }: any): string => {
  const name = String($ref).split('/').at(-1) ?? ''
  return `[${name}](#${name.toLowerCase()})`
}

function takesText(schema: any): string {
  const words = schema.enum?.map((word: string) => `\`${word}\``).join(', ')
  const parts = [words ?? kindOf(schema)]
  if (schema.minimum !== undefined && schema.maximum < 1e15 - 1)
    parts.push(`from ${schema.minimum} to ${schema.maximum}`)
  if (schema.default !== undefined) parts.push(`${schema.default} unless given`)
  return parts.join('; ')
}

function kindOf({ type, pattern = '' }: any): string {
  if (pattern.includes('{40}|') || pattern.includes('{64}')) return '32 bytes in hex'
  if (pattern.includes('{40}')) return 'address'
  if (pattern.startsWith('^0x')) return 'bytes in hex'
  if (/(?:\\d|\[0-9\])\{1,(?:30|78|200)\}/.test(pattern)) return 'whole number as text'
  if (pattern.includes('\\.')) return 'decimal number as text'
  return [type]
    .flat()
    .filter((each) => each !== 'null')
    .join(' or ')
}

function typeText(schema: any): string {
  const isNullable = schema.anyOf !== undefined || [schema.type].flat().includes('null')
  const inner = schema.anyOf?.[0] ?? schema
  const text = inner.$ref
    ? nameOf(inner)
    : inner.type === 'array'
      ? `list of ${inner.items.$ref ? nameOf(inner.items) : inner.items.type}`
      : kindOf(inner)
  return isNullable ? `${text}, or null` : text
}

function schemaText([name, { description, properties, enum: words }]: [string, any]): string {
  const about = description === undefined ? [] : [String(description).replaceAll('\n', '\n\n')]
  if (words)
    return [
      `### ${name}`,
      `One of ${words.map((word: string) => `\`${word}\``).join(', ')}.`,
      ...about,
    ].join('\n\n')
  const rows = Object.entries<any>(properties).map(
    ([field, schema]) => `| \`${field}\` | ${typeText(schema)} | ${schema.description ?? ''} |`,
  )
  return [`### ${name}`, ...about, ['| field | is | |', '|---|---|---|', ...rows].join('\n')].join(
    '\n\n',
  )
}
