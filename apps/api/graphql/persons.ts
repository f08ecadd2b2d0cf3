import { listRoleChanges, listRoles } from '#core/guild/list-roles.ts'
import { readPerson } from '#core/identity/read-person.ts'
import { roleChangeCursor } from '#api/cursors.ts'
import { personOf, rolesOf } from '#api/person.ts'
import { person } from '#resources/identity.ts'
import { roleChange, roleState } from '#resources/roles.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const RoleChangeConnection = builder.connectionObject({
  type: typeOf(roleChange),
  name: 'RoleChangeConnection',
})

/** `Query.me`, `myRoles` and `myRoleChanges` */
export function addPersons(): void {
  builder.queryFields((t) => ({
    me: t.field({
      type: typeOf(person),
      nullable: false,
      description: 'Whoever is signed in, with all wallets and the Discord account.',
      async resolve(_root, _args, context) {
        const { id, ports } = personOf(context.api, await context.who())
        return readPerson(ports.identity, id)
      },
    }),
    myRoles: t.field({
      type: [typeOf(roleState)],
      description:
        'Roles of Discord guilds that whoever is signed in should have and has, and why.',
      async resolve(_root, _args, context) {
        const { id, ports } = rolesOf(context.api, await context.who())
        return listRoles(ports, id)
      },
    }),
    myRoleChanges: t.field({
      type: RoleChangeConnection,
      description:
        'Roles that were given to whoever is signed in, or taken, newest first, with what that stood on.',
      args: forwardArgs,
      async resolve(_root, args, context) {
        const request = toPageRequest(args, roleChangeCursor)
        const { id, ports } = rolesOf(context.api, await context.who())
        context.spend(request.limit, request.argument)
        const page = await listRoleChanges(ports, id, {
          limit: request.limit,
          ...(request.after && { before: request.after }),
        })
        return toConnection(page, request, (change) => roleChangeCursor.encode(change))
      },
    }),
  }))
}
