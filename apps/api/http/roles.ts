import { z } from 'zod'
import { listRoleChanges, listRoles } from '#core/guild/list-roles.ts'
import { roleChangeCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { rolesOf } from '#api/person.ts'
import { roleChange, roleState } from '#resources/roles.ts'
import { own } from './own.ts'
import { after, limit } from './parameters.ts'

const NOT_SET_UP = { status: 404, when: 'The service gives no roles.' }
const NO_PERSON = { status: 403, when: 'A key is no person.' }

export const rolesOfPerson = own({
  path: '/v1/person/roles',
  id: 'listRolesOfPerson',
  summary: 'Roles of Discord guilds that whoever is signed in should have and has, and why.',
  parameters: z.strictObject({}),
  returns: { page: roleState },
  refuses: [NO_PERSON, NOT_SET_UP],
  example: () => ({}),
  async answer(api, principal) {
    const { id, ports } = rolesOf(api, principal)
    return { items: await listRoles(ports, id), nextCursor: null }
  },
})

export const roleChangesOfPerson = own({
  path: '/v1/person/roles/changes',
  id: 'listRoleChangesOfPerson',
  summary:
    'Roles that were given to whoever is signed in, or taken, newest first, with what that stood on.',
  parameters: z.strictObject({
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(roleChangeCursor).optional(),
  }),
  returns: { page: roleChange },
  refuses: [NO_PERSON, NOT_SET_UP],
  example: () => ({ parameters: { limit: '2' } }),
  async answer(api, principal, { limit: many, after: before }) {
    const { id, ports } = rolesOf(api, principal)
    const { items, hasMore } = await listRoleChanges(ports, id, {
      limit: many,
      ...(before && { before }),
    })
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? roleChangeCursor.encode(last) : null }
  },
})
