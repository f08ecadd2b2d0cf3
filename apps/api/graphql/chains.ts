import { listChains } from '#api/chains.ts'
import { chain } from '#resources/chains.ts'
import { builder } from './builder.ts'
import { typeOf } from './resources.ts'

/** `Query.chains` */
export function addChains(): void {
  builder.queryField('chains', (t) =>
    t.field({
      type: [typeOf(chain)],
      nullable: false,
      description: 'The chains that are served, and how each is now.',
      resolve: (_root, _args, { api, live }) => {
        live()
        return listChains(api)
      },
    }),
  )
}
