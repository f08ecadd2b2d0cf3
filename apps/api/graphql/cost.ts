import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  type GraphQLField,
  type GraphQLNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql'
import { CANDLES_DEFAULT, PAGE_DEFAULT } from '#api/pages.ts'
import { tooMuch } from './limits.ts'

/** Lists within lists multiply: one answer reads this many rows at most. */
export const ROWS_MAX = 10_000
/** Fields of all rows together; each takes about a microsecond, and nothing else is served meanwhile. */
const VALUES_MAX = 40_000
/** Of lists whose length nobody chooses: legs of a route, hops of a leg. */
const LIST_ASSUMED = 5

/** What an operation asks for at most, by its text and its variables alone. */
export type Cost = {
  /** Of pages. */
  readonly rows: number
  /** Of fields. */
  readonly values: number
}

/**
 * Counts rows and values before anything is read: fields times rows, in every alias and every fragment, with the sizes
 * that the variables give.
 *
 * @throws AppError `invalid` with the reason `too-costly` beyond `ROWS_MAX` or `VALUES_MAX`
 */
export function costOf(args: ExecutionArgs): Cost {
  const { schema, document } = args
  const operation = getOperationAST(document, args.operationName)
  const root = operation && schema.getRootType(operation.operation)
  if (!root) return { rows: 0, values: 0 }
  const given = getVariableValues(schema, operation.variableDefinitions ?? [], {
    ...args.variableValues,
  })
  // Faulty variables are refused by the execution, which says what is wrong with them.
  if (!given.coerced) return { rows: 0, values: 0 }
  const variables = given.coerced
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const each of document.definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each)
  let rows = 0
  let values = 0

  function count(more: number): void {
    values += more
    if (values > VALUES_MAX)
      throw tooMuch(
        'too-costly',
        `the request asks for more than ${VALUES_MAX} values, fields times rows; ask for smaller pages or fewer fields`,
      )
  }

  /** @param page how many a connection was asked for, where `type` is one */
  function walk(
    type: GraphQLNamedType,
    { selections }: SelectionSetNode,
    times: number,
    page: number | undefined,
  ): void {
    for (const selection of selections) {
      // Also a spread, so that fragments within fragments end.
      count(times)
      if (selection.kind === Kind.FIELD) walkField(type, selection, times, page)
      else {
        const fragment =
          selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
        const condition = fragment?.typeCondition?.name.value
        const inner = condition === undefined ? type : schema.getType(condition)
        if (fragment && inner) walk(inner, fragment.selectionSet, times, page)
      }
    }
  }

  function walkField(
    type: GraphQLNamedType,
    node: FieldNode,
    times: number,
    page: number | undefined,
  ): void {
    const field = fieldOf(type, node.name.value)
    if (!field) return
    const size = sizeOf(field, node, variables)
    if (size !== undefined) {
      rows += times * size
      if (rows > ROWS_MAX)
        throw tooMuch(
          'too-costly',
          `the lists of this request ask for more than ${ROWS_MAX} rows together; ask for less of each`,
          SIZES.find((name) => field.args.some((argument) => argument.name === name)),
        )
    }
    const inner = getNamedType(field.type)
    if (!node.selectionSet || !isCompositeType(inner)) return
    if (isListType(getNullableType(field.type)))
      walk(inner, node.selectionSet, times * (size ?? page ?? LIST_ASSUMED), undefined)
    else walk(inner, node.selectionSet, times, size)
  }

  walk(root, operation.selectionSet, 1, undefined)
  return { rows, values }
}

function fieldOf(type: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> | undefined {
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef
  return type.getFields()[name]
}

/** The arguments that say how many. */
const SIZES = ['first', 'last', 'limit'] as const

/** How many a list is asked for; undefined where nobody can choose. */
function sizeOf(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): number | undefined {
  if (!field.args.some(({ name }) => (SIZES as readonly string[]).includes(name))) return undefined
  const isCandles = field.args.some(({ name }) => name === 'limit')
  let given: Readonly<Record<string, unknown>>
  try {
    given = getArgumentValues(field, node, variables)
  } catch {
    return 0
  }
  const sizes = SIZES.map((name) => given[name]).filter((size) => typeof size === 'number')
  return Math.max(1, ...(sizes.length > 0 ? sizes : [isCandles ? CANDLES_DEFAULT : PAGE_DEFAULT]))
}
