import type { z } from 'zod'
import type { KnownPrincipal } from '#core/access/ports.ts'
import type { Api } from '#api/wire.ts'
import { expectKnown } from '#api/principals.ts'
import { refuseTooLarge } from '#api/answer-budget.ts'
import { toJson } from '#resources/json.ts'
import { credentialsOf } from './cookies.ts'
import type { Operation, Returns } from './operation.ts'
import { readParameters } from './parameters.ts'
import type { Route, RouteOf } from './route.ts'

type Definition<S extends z.ZodObject, T> = Pick<Operation, 'id' | 'summary' | 'refuses'> & {
  readonly path: string
  readonly parameters: S
  readonly returns: Returns<T>
  readonly example: Operation['example']
  readonly points?: number
  answer(
    api: Api,
    principal: KnownPrincipal,
    input: z.output<S>,
  ): Promise<{ readonly items: readonly T[]; readonly nextCursor: string | null } | T>
}

/** An endpoint that answers whoever asks alone: nothing is kept, and pages of other sites read none of it. */
export const own =
  <S extends z.ZodObject, T extends object>(definition: Definition<S, T>): RouteOf =>
  (api): Route => {
    const { path, id, summary, parameters, returns, refuses = [], example, points } = definition
    return {
      path,
      origins: 'same',
      ...(points !== undefined && { points }),
      operations: {
        get: {
          id,
          summary,
          parameters,
          returns,
          block: null,
          isForKnown: true,
          refuses: [
            { status: 401, when: 'Nobody has said who asks, or what was said proves nothing.' },
            ...refuses,
          ],
          example,
        },
      },
      async get(req, res) {
        res.vary('authorization, cookie').setHeader('cache-control', 'no-store')
        const principal = await expectKnown(api.principals, credentialsOf(req))
        const found = await definition.answer(api, principal, readParameters(parameters, req))
        const resource = returns.page ?? returns.item
        const body = JSON.stringify(
          returns.page && 'items' in found
            ? {
                items: found.items.map((each) => toJson(resource, each)),
                nextCursor: found.nextCursor,
              }
            : { item: toJson(resource, found as T) },
        )
        refuseTooLarge(body)
        api.budget.hold(res.locals.principal, body.length, res)
        res.setHeader('content-type', 'application/json; charset=utf-8')
        res.end(body)
      },
    }
  }
