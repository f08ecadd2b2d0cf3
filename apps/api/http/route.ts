import type { Express, RequestHandler } from 'express'
import type { Api } from '#api/wire.ts'
import { inTurn } from './admit.ts'
import { named, onlyAllow } from './methods.ts'

/** A path and what it answers with: GET, POST or both; a route that takes no POST also answers HEAD. */
export type Route = {
  /** As Express has it: `/v1/pools/:address`. */
  readonly path: string
  readonly get?: RequestHandler
  readonly post?: readonly RequestHandler[]
  /** What an answer costs its principal beside the request, in points. */
  readonly points?: number
}

export type RouteOf = (api: Api) => Route | Promise<Route>

export function mount(
  app: Express,
  { path, get, post, points }: Route,
  { limiter, turns }: Pick<Api, 'limiter' | 'turns'>,
): void {
  const route = app.route(path).all(named(path))
  const others = onlyAllow([...(get ? ['GET'] : []), ...(post ? ['POST'] : ['HEAD']), 'OPTIONS'])
  if (points !== undefined)
    route.all((req, res, next) => {
      if (req.method !== 'OPTIONS') limiter.spend(res.locals.principal, points)
      next()
    })
  // Express would answer HEAD with what GET does.
  const turn = inTurn(turns)
  if (post) route.post(...post.slice(0, -1), turn, ...post.slice(-1)).head(others)
  if (get) route.get(turn, get)
  route.all(others)
}
