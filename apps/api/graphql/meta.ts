import { statusRow } from '#api/status.ts'
import { status } from '#resources/status.ts'
import { builder } from './builder.ts'
import { typeOf } from './resources.ts'

/** `Query._meta` */
export function addMeta(): void {
  builder.queryField('_meta', (t) =>
    t.field({
      type: typeOf(status),
      nullable: false,
      resolve: (_root, _args, { ports, view, status: live }) => statusRow(ports, view(), live),
    }),
  )
}
