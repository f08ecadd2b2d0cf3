import { Kind, type SelectionSetNode, type ValidationRule } from 'graphql'
import { createGraphQLError } from 'graphql-yoga'
import { kinds } from '#api/errors.ts'

/** Names, braces and values of a document: ten times what our own longest query has. */
export const TOKENS_MAX = 2_000
/** `pools.edges.node.swaps.edges.node.block.number` are eight. */
const DEPTH_MAX = 12

/** Refuses fields nested deeper than any sensible query. Introspection has a limit of its own in GraphQL.js. */
export const depthRule: ValidationRule = (context) => {
  /** Of each fragment, so that it is measured once however often it is spread. */
  const depths = new Map<string, number>()

  function depthOfFragment(name: string): number {
    const known = depths.get(name)
    if (known !== undefined) return known
    // One that spreads itself is refused by another rule; it must not keep this one busy.
    depths.set(name, 0)
    const fragment = context.getFragment(name)
    const depth = fragment ? depthOf(fragment.selectionSet) : 0
    depths.set(name, depth)
    return depth
  }

  function depthOf({ selections }: SelectionSetNode): number {
    let deepest = 0
    for (const selection of selections) {
      let depth = 0
      if (selection.kind === Kind.FRAGMENT_SPREAD) depth = depthOfFragment(selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) depth = depthOf(selection.selectionSet)
      else if (!selection.name.value.startsWith('__'))
        depth = 1 + (selection.selectionSet ? depthOf(selection.selectionSet) : 0)
      deepest = Math.max(deepest, depth)
    }
    return deepest
  }

  return {
    OperationDefinition(node) {
      const depth = depthOf(node.selectionSet)
      if (depth > DEPTH_MAX)
        context.reportError(
          createGraphQLError(`the query is ${depth} fields deep; ${DEPTH_MAX} are allowed`, {
            nodes: node,
            extensions: { code: kinds.invalid.code },
          }),
        )
    },
  }
}
