import type { Request, Response } from 'express'
import { z } from 'zod'
import { currentView, refuseLeftView, whileStale } from '#core/history/at-head.ts'
import type { View } from '#core/history/head.ts'
import { refuseTooLarge } from '#api/answer-budget.ts'
import { tagOf } from '#api/answer-cache.ts'
import { markCursor } from '#api/chain-cursors.ts'
import type { Api, Ports, ServedChain } from '#api/wire.ts'
import { toJson } from '#resources/json.ts'
import { block } from '#resources/blocks.ts'
import { chainOf, chainParameter } from './chain-parameter.ts'
import type { Subjects } from './examples.ts'
import { joinTokens } from './join.ts'
import type { Example, Operation, Returns } from './operation.ts'
import { readParameters } from './parameters.ts'
import type { RouteOf } from './route.ts'

/** What an endpoint found at the block; it is written as its resource says. */
export type Answer<T> = (
  | { readonly items: readonly T[]; readonly nextCursor: string | null }
  | { readonly item: T }
) & {
  /** Whether it holds anything beside tokens' words that another time of asking could answer otherwise. */
  readonly isLive?: boolean
}

type Definition<S extends z.ZodRawShape, T> = {
  /** As Express has it: `/v1/pools/:address`. */
  readonly path: string
  readonly id: string
  readonly summary: string
  /** Of the path and the query together; any other is refused. */
  readonly parameters: S
  readonly returns: Returns<T>
  readonly refuses?: Operation['refuses']
  /** What it costs, where that is more than one. */
  readonly points?: number
  /** Parameters of a request that is answered; none unless said. */
  readonly example?: (of: Subjects) => NonNullable<Example['parameters']>
  answer(ports: Ports, view: View, input: z.output<z.ZodObject<S>>): Promise<Answer<T>>
}

/** What is sent: the tag stands for the head and the configuration, and is missing where the answer is live. */
type Reply = { readonly body: string; readonly tag: string | undefined }

/**
 * An endpoint that reads at the newest head of the chain that the request names, and at no other, whatever is committed
 * meanwhile.
 */
export function endpoint<S extends z.ZodRawShape, T>(definition: Definition<S, T>): RouteOf {
  const { path, answer, id, summary, returns, refuses, example, points } = definition
  const parameters = z.strictObject({ ...definition.parameters, chain: chainParameter })
  const resource = returns.page ?? returns.item
  const operation: Operation = {
    id,
    summary,
    parameters,
    returns,
    block: 'Block',
    ...(refuses && { refuses }),
    example: (of) => ({ ...(example && { parameters: example(of) }) }),
  }

  async function attempt(
    { answers }: Api,
    { chain, ports }: ServedChain,
    req: Request,
  ): Promise<Reply> {
    const view = await currentView(ports.views)
    const tag = `W/"${tagOf(view)}-${ports.settingsTag}"`
    // Endpoints know nobody, so their answers are anyone's.
    const { text, isLive } = await answers.share('anyone', view, req.url, async () => {
      const { chain: _, ...input } = readParameters(parameters, req, chain) as { chain?: string }
      const found = await answer(ports, view, input as unknown as z.output<z.ZodObject<S>>)
      const items = 'items' in found ? found.items : [found.item]
      const joined = await joinTokens(ports, resource, items)
      await refuseLeftView(ports.views, view)
      const { written } = joined
      const body = JSON.stringify({
        block: toJson(block, view.head),
        ...('items' in found
          ? { items: written, nextCursor: found.nextCursor && markCursor(chain, found.nextCursor) }
          : { item: written[0] }),
      })
      refuseTooLarge(body)
      return { text: body, isLive: joined.isLive || (found.isLive ?? false) }
    })
    return { body: text, tag: isLive ? undefined : tag }
  }

  return (api) => ({
    path,
    operations: { get: operation },
    ...(points !== undefined && { points }),
    async get(req, res) {
      const chain = chainOf(api, req)
      const reply = await whileStale(chain.ports.views, () => attempt(api, chain, req))
      api.budget.hold(res.locals.principal, reply.body.length, res)
      send(req, res, reply)
    },
  })
}

function send(req: Request, res: Response, { body, tag }: Reply): void {
  if (tag === undefined) res.setHeader('cache-control', 'no-store')
  else res.setHeader('cache-control', 'no-cache').setHeader('etag', tag)
  if (tag !== undefined && req.headers['if-none-match'] === tag) {
    res.status(304).end()
    return
  }
  res.setHeader('content-type', 'application/json; charset=utf-8')
  res.setHeader('content-length', Buffer.byteLength(body))
  res.end(body)
}
