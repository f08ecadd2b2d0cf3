import {
  defaultFieldResolver,
  type ExecutionArgs,
  type FieldNode,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLString,
  type GraphQLSchema,
  isObjectType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql'
import { chosenChain } from '#core/chain-choice.ts'
import { isAppError } from '#core/errors.ts'
import { markCursor, ownCursor } from '#api/chain-cursors.ts'
import type { Api, ServedChain } from '#api/wire.ts'
import type { Attempt, GraphqlContext } from './context.ts'

/*
 * Which chain a field is of is said once, at the root of an operation, and holds for all fields below. So it is nothing
 * that a field has to do: every field of the schema is wrapped here, and is given the context of its chain.
 */

/** Root fields that are about the deployment, and about no chain of it. */
const OF_NO_CHAIN: ReadonlySet<string> = new Set([
  'chains',
  'pointsBalance',
  'pointsStatement',
  'pointsLeaders',
  'myPoints',
  'me',
  'myRoles',
  'myRoleChanges',
  'myWebhooks',
])

const ARGUMENT = 'chain'

/** Names of fields and arguments that hold places in lists and feeds. */
const CURSOR_FIELDS: ReadonlySet<string> = new Set(['cursor', 'startCursor', 'endCursor'])
const CURSOR_ARGUMENTS = ['after', 'before'] as const

type Resolver<Context> = GraphQLFieldResolver<unknown, Context>
type Chosen = Attempt & { readonly chosen: Map<string, ServedChain> }

/**
 * Gives every root field the argument `chain`, and every field the context of the chain that its root field names.
 * Cursors are marked with their chain on the way out, and refused by the fields of another on the way in.
 */
export function addChainArgument(schema: GraphQLSchema): GraphQLSchema {
  const roots = new Set([schema.getQueryType(), schema.getSubscriptionType()])
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    const isRoot = roots.has(type)
    for (const field of Object.values(type.getFields())) {
      if (isRoot) wrapRoot(field)
      else wrapField(field)
    }
  }
  return schema
}

function wrapRoot(field: GraphQLField<unknown, unknown>): void {
  const isOfChain = !OF_NO_CHAIN.has(field.name)
  if (isOfChain)
    (field.args as GraphQLField<unknown, unknown>['args'][number][]).push({
      name: ARGUMENT,
      description: 'The name or the id of a chain, see `chains`; the default one unless given.',
      type: GraphQLString,
      defaultValue: undefined,
      deprecationReason: undefined,
      extensions: {},
      astNode: undefined,
    })
  const enter =
    (resolver: Resolver<GraphqlContext>): Resolver<Chosen> =>
    (parent, { [ARGUMENT]: named, ...args }, attempt, info) => {
      const chain = chainNamed(attempt.api, named)
      attempt.chosen.set(String(info.path.key), chain)
      return resolver(parent, ownCursors(args, chain), attempt.of(chain), info)
    }
  if (field.subscribe) field.subscribe = enter(field.subscribe as Resolver<GraphqlContext>) as never
  field.resolve = enter(
    (field.resolve ?? defaultFieldResolver) as Resolver<GraphqlContext>,
  ) as never
}

/** What a client means by the argument. @throws AppError `invalid` that names the chains that there are */
const chainNamed = (api: Api, named: unknown): ServedChain =>
  typeof named === 'string' ? chosenChain(api.chains, named, ARGUMENT) : api.byDefault

function ownCursors(args: Readonly<Record<string, unknown>>, { chain }: ServedChain): object {
  const cursors = CURSOR_ARGUMENTS.filter((name) => typeof args[name] === 'string')
  if (cursors.length === 0) return args
  const own = cursors.map((name) => [name, ownCursor(chain, args[name] as string, name)])
  return { ...args, ...Object.fromEntries(own) }
}

function wrapField(field: GraphQLField<unknown, unknown>): void {
  const resolver = field.resolve as Resolver<GraphqlContext> | undefined
  const isCursor = CURSOR_FIELDS.has(field.name)
  const hasCursor = field.args.some(({ name }) =>
    (CURSOR_ARGUMENTS as readonly string[]).includes(name),
  )
  // What has no resolver is a property of what is there already.
  if (!resolver && !isCursor) return
  const inner = resolver ?? (defaultFieldResolver as Resolver<GraphqlContext>)
  const within: Resolver<Chosen> = (parent, args, attempt, info) => {
    const chain = chainOf(attempt, info)
    const given = hasCursor ? ownCursors(args, chain) : args
    const value = inner(parent, given, attempt.of(chain), info)
    return isCursor ? marked(chain, value) : value
  }
  field.resolve = within as never
}

const marked = ({ chain }: ServedChain, value: unknown): unknown =>
  typeof value === 'string' ? markCursor(chain, value) : value

/** The chain of the root field that a field is below. */
function chainOf({ api, chosen }: Chosen, { path }: GraphQLResolveInfo): ServedChain {
  if (api.chains.length === 1) return api.byDefault
  let root = path
  while (root.prev) root = root.prev
  return chosen.get(String(root.key)) ?? api.byDefault
}

/** The same attempt, with a note of which chain each root field is of. It is what the wrapped fields take. */
export const withChains = (attempt: Attempt): Chosen => ({ ...attempt, chosen: new Map() })

/**
 * The chains that an operation names, by its text and its variables. A name of none is left out: its field refuses it.
 */
export function chainsOf(api: Api, args: ExecutionArgs): readonly ServedChain[] {
  const { schema, document } = args
  const operation = getOperationAST(document, args.operationName)
  // What is done is done at no block.
  if (operation?.operation === OperationTypeNode.MUTATION) return []
  if (api.chains.length === 1) return api.chains
  const root = operation && schema.getRootType(operation.operation)
  if (!root) return []
  const given = getVariableValues(schema, operation.variableDefinitions ?? [], {
    ...args.variableValues,
  })
  const found = new Set<ServedChain>()
  const spread = new Set<string>()

  function walk({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) addChain(selection)
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet)
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value)
        for (const each of document.definitions)
          if (each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value)
            walk(each.selectionSet)
      }
    }
  }

  function addChain(node: FieldNode): void {
    const field = (root as GraphQLObjectType).getFields()[node.name.value]
    if (!field || OF_NO_CHAIN.has(field.name)) return
    try {
      found.add(chainNamed(api, getArgumentValues(field, node, given.coerced)[ARGUMENT]))
    } catch (error) {
      // Other faults of arguments are told by the execution.
      if (!isAppError(error) && !(error instanceof Error && error.name === 'GraphQLError'))
        throw error
    }
  }

  walk(operation.selectionSet)
  return [...found]
}
