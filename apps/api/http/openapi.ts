import { z } from 'zod'
import { type JsonSchema, refTo, schemasOf } from '#resources/json-schema.ts'
import { block, quoteBlock } from '#resources/blocks.ts'
import { quoteRefusal } from '#resources/quotes.ts'
import type { Found, Subjects } from './examples.ts'
import type { Operation, Refusal } from './operation.ts'
import { forms, jsonSchemaOf } from './parameters.ts'
import { problemSchema } from './problem.ts'
import type { Route } from './route.ts'

/** An OpenAPI document: JSON that tools know. */
export type OpenApi = {
  readonly openapi: '3.1.0'
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly securitySchemes?: object
  }
}

/** What any operation refuses. */
const REFUSES: readonly Refusal[] = [
  { status: 400, when: 'The request is not as described here; `errors` names each fault.' },
  { status: 429, when: 'This client has asked for more than its share.' },
  { status: 503, when: 'A part of the service cannot be used now, or is too busy.' },
]

/** Describes every operation of `routes`, with all that they take and give. @param found what the examples are about */
export function createOpenApi(routes: readonly Route[], { subjects, foreign }: Found): OpenApi {
  const operations = routes.flatMap(({ operations: { get, post } = {} }) => [
    ...(get ? [get] : []),
    ...(post ? [post] : []),
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'Halyard',
      version: '1',
      description:
        'A proven history of a chain, and exact quotes. Every answer names the block that it is true at. Amounts are ' +
        'decimal strings in raw units, times are seconds since 1970. Refusals are problems (RFC 9457) with a stable `code`.' +
        (foreign.length === 0
          ? ''
          : ` No ${foreign.join(' and ')} are indexed yet: examples that name any are of Ethereum mainnet.`),
    },
    paths: Object.fromEntries(
      routes.flatMap(({ path, operations: { get, post } = {} }) =>
        get || post
          ? [
              [
                path.replaceAll(/:(\w+)/g, '{$1}'),
                {
                  ...(get && { get: describe(get, path, subjects) }),
                  ...(post && { post: describe(post, path, subjects) }),
                },
              ],
            ]
          : [],
      ),
    ),
    components: {
      schemas: {
        ...schemasOf([block, quoteBlock, quoteRefusal, ...operations.map(resourceOf)]),
        Problem: problemSchema,
      },
      ...(operations.some(({ isForKnown }) => isForKnown) && {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      }),
    },
  }
}

const resourceOf = ({ returns }: Operation) => {
  const found = returns.page ?? returns.item
  if (!found) throw new Error('an operation answers with something')
  return found
}

function describe(operation: Operation, path: string, subjects: Subjects): JsonSchema {
  const { id, summary, body } = operation
  const example = operation.example(subjects)
  const refuses = [...REFUSES, ...(operation.refuses ?? [])]
  return {
    operationId: id,
    summary,
    tags: [path.split('/')[2]],
    parameters: [
      ...parametersOf(operation.parameters, (name) =>
        path.includes(`:${name}`) ? 'path' : 'query',
      ).map((each) => withExample(each, example.parameters)),
      ...(operation.headers ? parametersOf(operation.headers, () => 'header') : []).map((each) =>
        withExample(each, example.headers),
      ),
    ],
    ...(operation.isForKnown && { security: [{ bearer: [] }] }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: jsonSchemaOf(body),
            ...(example.body && { example: example.body }),
          },
        },
      },
    }),
    responses: {
      200: {
        description: 'What was asked for.',
        content: { 'application/json': { schema: answerSchema(operation) } },
      },
      ...Object.fromEntries(
        refuses
          .toSorted((a, b) => a.status - b.status)
          .map(({ status, when }) => [
            status,
            {
              description: when,
              content: { 'application/problem+json': { schema: refTo('Problem') } },
            },
          ]),
      ),
    },
  }
}

type Parameter = { readonly name: string } & JsonSchema

const withExample = (
  parameter: Parameter,
  examples: Readonly<Record<string, string>> = {},
): Parameter => {
  const example = examples[parameter.name]
  if (example === undefined) return parameter
  const { type } = parameter.schema as JsonSchema
  return { ...parameter, example: type === 'integer' ? Number(example) : example }
}

const parametersOf = (
  { shape }: z.ZodObject,
  placeOf: (name: string) => 'path' | 'query' | 'header',
): Parameter[] =>
  Object.entries(shape).map(([name, schema]) => {
    const { description, isRequired, form } = formOf(schema as z.ZodType)
    return {
      name,
      in: placeOf(name),
      required: isRequired,
      ...(description !== undefined && { description }),
      schema: form,
    }
  })

/** What a parameter takes, whether it has to be there, and what stands for it where it is not. */
function formOf(schema: z.ZodType): {
  readonly form: JsonSchema
  readonly description: string | undefined
  readonly isRequired: boolean
} {
  const described = z.globalRegistry.get(schema)?.description
  let inner = schema
  let fallback: unknown
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) {
    if (inner instanceof z.ZodDefault) fallback = inner.def.defaultValue
    inner = inner.def.innerType as z.ZodType
  }
  const { description, ...form } = forms.get(inner) ?? jsonSchemaOf(inner)
  return {
    form: fallback === undefined ? form : { ...form, default: fallback },
    description: described ?? (description as string | undefined),
    isRequired: inner === schema,
  }
}

function answerSchema(operation: Operation): JsonSchema {
  const { returns } = operation
  const of = refTo(resourceOf(operation).name)
  const properties: Record<string, JsonSchema> = {
    ...(operation.block && { block: refTo(operation.block) }),
    ...(returns.page
      ? {
          items: { type: 'array', items: of },
          nextCursor: {
            type: ['string', 'null'],
            description: 'For `after` of the next page; null at the end.',
          },
        }
      : { item: of }),
  }
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }
}
