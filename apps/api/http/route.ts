import type { Express, RequestHandler } from 'express'
import type { Api } from '#api/wire.ts'
import { named, onlyAllow } from './methods.ts'

/** A path and what it answers with; a route that takes no POST also answers HEAD. */
export type Route = {
  /** As Express has it: `/v1/pools/:address`. */
  readonly path: string
  readonly get: RequestHandler
  readonly post?: readonly RequestHandler[]
}

export type RouteOf = (api: Api) => Route | Promise<Route>

export function mount(app: Express, { path, get, post }: Route): void {
  const route = app.route(path).all(named(path))
  if (post) {
    const others = onlyAllow(['GET', 'POST', 'OPTIONS'])
    route
      .post(...post)
      .head(others)
      .get(get)
      .all(others)
  } else {
    route.get(get).all(onlyAllow(['GET', 'HEAD', 'OPTIONS']))
  }
}
