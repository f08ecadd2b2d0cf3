import type { Request, Response } from 'express'
import { z } from 'zod'
import { currentView, refuseLeftView, whileStale } from '#core/history/at-head.ts'
import type { View } from '#core/history/head.ts'
import { tagOf } from '#api/answer-cache.ts'
import type { Api, Ports } from '#api/wire.ts'
import { readParameters } from './parameters.ts'
import type { RouteOf } from './route.ts'

/** What an endpoint adds to the block that its answer is true at. Amounts are decimal strings already. */
export type Answer = (
  | { readonly items: readonly object[]; readonly nextCursor: string | null }
  | { readonly item: object }
) & {
  /** Whether it holds anything that another time of asking at the same block could answer otherwise. */
  readonly isLive?: boolean
}

type Definition<S extends z.ZodRawShape> = {
  /** As Express has it: `/v1/pools/:address`. */
  readonly path: string
  /** Of the path and the query together; any other is refused. */
  readonly parameters: S
  answer(ports: Ports, view: View, input: z.output<z.ZodObject<S>>): Promise<Answer>
}

/** What is sent: the tag stands for the head, and is missing where the answer is live. */
type Reply = { readonly body: string; readonly tag: string | undefined }

/** An endpoint that reads at the newest head, and at no other, whatever is committed meanwhile. */
export function endpoint<S extends z.ZodRawShape>(definition: Definition<S>): RouteOf {
  const { path, answer } = definition
  const parameters = z.strictObject(definition.parameters)

  async function attempt({ ports, answers }: Api, req: Request): Promise<Reply> {
    const view = await currentView(ports.views)
    const tag = `W/"${tagOf(view)}"`
    // Endpoints know nobody, so their answers are anyone's.
    const { text, isLive } = await answers.share('anyone', view, req.url, async () => {
      const input = readParameters(parameters, req) as z.output<z.ZodObject<S>>
      const { isLive: hasLive = false, ...members } = await answer(ports, view, input)
      await refuseLeftView(ports.views, view)
      const { number, hash, timestamp } = view.head
      const body = JSON.stringify({ block: { number, hash, timestamp }, ...members })
      return { text: body, isLive: hasLive }
    })
    return { body: text, tag: isLive ? undefined : tag }
  }

  return (api) => ({
    path,
    async get(req, res) {
      send(req, res, await whileStale(api.ports.views, () => attempt(api, req)))
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
