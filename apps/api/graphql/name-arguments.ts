import { type ASTNode, type DocumentNode, type GraphQLError, Kind, visit } from 'graphql'
import { createGraphQLError } from 'graphql-yoga'
import { kinds } from '#api/errors.ts'

/**
 * Faults of a document with the name of the argument in front, where a scalar has refused a value that stands in the
 * query: the scalar sees the value alone.
 */
export function nameArguments(
  document: DocumentNode,
  faults: readonly GraphQLError[],
): readonly GraphQLError[] {
  // Those of GraphQL.js itself carry no code, and name what they are about.
  const refused = faults.filter(({ extensions }) => extensions.code === kinds.invalid.code)
  if (refused.length === 0) return faults
  const names = namesOfValues(document)
  return faults.map((fault) => {
    const node = fault.nodes?.[0]
    const argument = node && refused.includes(fault) ? names.get(node) : undefined
    if (argument === undefined) return fault
    return createGraphQLError(`${argument}: ${fault.message}`, {
      nodes: fault.nodes ?? null,
      extensions: { ...fault.extensions, argument },
    })
  })
}

/** What each value of a document is given for: `input.amount`. */
function namesOfValues(document: DocumentNode): ReadonlyMap<ASTNode, string> {
  const names = new Map<ASTNode, string>()
  const path: string[] = []
  visit(document, {
    enter(node) {
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) {
        path.push(node.name.value)
        const name = path.join('.')
        names.set(node.value, name)
        if (node.value.kind === Kind.LIST)
          for (const [index, each] of node.value.values.entries())
            names.set(each, `${name}[${index}]`)
      }
    },
    leave(node) {
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) path.pop()
    },
  })
  return names
}
