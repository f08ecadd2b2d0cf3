import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { schema } from '#api/graphql/schema.ts'

// Vite and Node choose different files of this package, and each knows only schemas of its own.
const { isUnionType, lexicographicSortSchema, printSchema } = createRequire(import.meta.url)(
  'graphql',
) as typeof import('graphql')

// A change of the schema is a change for every client: it is to be seen in review. To accept one, run
//   npx vitest run test/apps/api-schema.test.ts --update
test('schema.graphql is what the code makes (accept a change with --update)', async () => {
  const path = 'apps/api/graphql/schema.graphql'
  // As the formatter leaves the file, or the two would undo one another.
  const formatted = execFileSync('node_modules/.bin/oxfmt', [`--stdin-filepath=${path}`], {
    input: printSchema(lexicographicSortSchema(schema)),
    encoding: 'utf8',
  })
  await expect(formatted).toMatchFileSnapshot(`../../${path}`)
})

test('types of a union give a field of one name one type, so that a query needs no aliases', () => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isUnionType(type)) continue
    const seen = new Map<string, string>()
    for (const member of type.getTypes())
      for (const [name, field] of Object.entries(member.getFields())) {
        const known = seen.get(name) ?? String(field.type)
        expect(`${member.name}.${name}: ${String(field.type)}`).toBe(
          `${member.name}.${name}: ${known}`,
        )
        seen.set(name, known)
      }
  }
})
