import type { Express, RequestHandler } from 'express'
import type { Api } from '#api/wire.ts'
import { named, onlyAllow } from './methods.ts'

/** A path and what it answers with: GET, POST or both; a route that takes no POST also answers HEAD. */
export type Route = {
  /** As Express has it: `/v1/pools/:address`. */
  readonly path: string
  readonly get?: RequestHandler
  readonly post?: readonly RequestHandler[]
}

export type RouteOf = (api: Api) => Route | Promise<Route>

export function mount(app: Express, { path, get, post }: Route): void {
  const route = app.route(path).all(named(path))
  const others = onlyAllow([...(get ? ['GET'] : []), ...(post ? ['POST'] : ['HEAD']), 'OPTIONS'])
  // Express would answer HEAD with what GET does.
  if (post) route.post(...post).head(others)
  if (get) route.get(get)
  route.all(others)
}
