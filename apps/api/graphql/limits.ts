import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import { AppError, type ErrorReason } from '#core/errors.ts'

/** Names, braces and values of a document: ten times what our own longest query has. */
export const TOKENS_MAX = 2_000
/** `pools.edges.node.swaps.edges.node.block.number` are eight. */
const DEPTH_MAX = 12
/** With every fragment counted where it is spread. Validation compares equal names in pairs. */
const SELECTIONS_MAX = 1_000
const VARIABLES_MAX = 100
/** Each answers with the whole schema. */
const INTROSPECTIONS_MAX = 2

/** A request that asks for more than one may. */
export const tooMuch = (reason: ErrorReason, message: string, field = 'query'): AppError =>
  new AppError('invalid', message, { details: { field, reason }, audience: 'client' })

/** What a selection comes to with its fragments. */
type Extent = { readonly selections: number; readonly depth: number; readonly schemas: number }

/**
 * Refuses what would already be slow to validate, and fields nested deeper than any sensible query. Introspection has a
 * limit of its own depth in GraphQL.js.
 *
 * @throws AppError `invalid` with the reason `too-costly` or `too-deep`
 */
export function refuseComplex({ definitions }: DocumentNode): void {
  const measure = createMeasure(definitions)
  let selections = 0
  for (const each of definitions) {
    if (each.kind !== Kind.OPERATION_DEFINITION && each.kind !== Kind.FRAGMENT_DEFINITION) continue
    const extent = measure(each.selectionSet)
    selections += extent.selections
    if (extent.schemas > INTROSPECTIONS_MAX)
      throw tooMuch(
        'too-costly',
        `the query asks more than ${INTROSPECTIONS_MAX} times for the schema`,
      )
    // A fragment counts where an operation spreads it: those of tools that read the schema are deep.
    if (each.kind === Kind.OPERATION_DEFINITION && extent.depth > DEPTH_MAX)
      throw tooMuch(
        'too-deep',
        `the query is ${extent.depth} fields deep; ${DEPTH_MAX} are allowed`,
      )
    if ((each.variableDefinitions?.length ?? 0) > VARIABLES_MAX)
      throw tooMuch('too-costly', `the query has more than ${VARIABLES_MAX} variables`)
  }
  if (selections > SELECTIONS_MAX)
    throw tooMuch(
      'too-costly',
      `the query selects more than ${SELECTIONS_MAX} fields, with its fragments; ask for less, or in several requests`,
    )
}

function createMeasure(
  definitions: DocumentNode['definitions'],
): (selectionSet: SelectionSetNode) => Extent {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const each of definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each)
  /** Of each fragment, so that it is measured once however often it is spread. */
  const known = new Map<string, Extent>()

  function fragmentExtent(name: string): Extent {
    const found = known.get(name)
    if (found) return found
    // One that spreads itself is refused by validation; it must not keep this busy.
    known.set(name, NOTHING)
    const fragment = fragments.get(name)
    const extent = fragment ? measure(fragment.selectionSet) : NOTHING
    known.set(name, extent)
    return extent
  }

  function measure({ selections }: SelectionSetNode): Extent {
    let [count, deepest, schemas] = [0, 0, 0]
    for (const selection of selections) {
      const name = selection.kind === Kind.FIELD ? selection.name.value : ''
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? fragmentExtent(selection.name.value)
          : selection.selectionSet
            ? measure(selection.selectionSet)
            : NOTHING
      count += 1 + inner.selections
      schemas += inner.schemas + (name === '__schema' || name === '__type' ? 1 : 0)
      if (!name.startsWith('__'))
        deepest = Math.max(deepest, inner.depth + (selection.kind === Kind.FIELD ? 1 : 0))
    }
    return { selections: count, depth: deepest, schemas }
  }

  return measure
}

const NOTHING: Extent = { selections: 0, depth: 0, schemas: 0 }
