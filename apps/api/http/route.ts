import type { Express, RequestHandler } from 'express'
import helmet from 'helmet'
import type { RateLimiter } from '#core/access/ports.ts'
import type { Api } from '#api/wire.ts'
import { inTurn } from './admit.ts'
import type { Operation } from './operation.ts'
import { named, onlyAllow, sameOrigin } from './methods.ts'

/** A path and what it answers with: GET, POST or both; a route that takes no POST also answers HEAD. */
export type Route = {
  /** As Express has it: `/v1/pools/:address`. */
  readonly path: string
  readonly get?: RequestHandler
  readonly post?: readonly RequestHandler[]
  /** What the reference says of each method; one without is not in it. */
  readonly operations?: { readonly get?: Operation; readonly post?: Operation }
  /** What an answer costs its principal beside the request, in points. */
  readonly points?: number
  /** Whose pages may read the answers: those of any site, unless said. */
  readonly origins?: 'any' | 'same'
  /** What a page that it serves may load, by CSP directive; nothing unless said. */
  readonly page?: PageSources
}

type PageSources = Readonly<Record<string, readonly string[]>>

/** A content security policy that allows `page` and nothing else. */
export const policyOf = (page: PageSources): Record<string, string[]> => {
  const none = ["'none'"]
  const policy: Record<string, string[]> = { 'default-src': none }
  for (const [directive, sources] of Object.entries(page)) policy[directive] = [...sources]
  return { ...policy, 'frame-ancestors': none, 'base-uri': none, 'form-action': none }
}

export type RouteOf = (api: Api) => Route | Promise<Route>

export function mount(
  app: Express,
  { path, get, post, points, origins = 'any', page }: Route,
  {
    limiter,
    turns,
    pages = [],
  }: Pick<Api, 'limiter' | 'turns'> & {
    /** Origins whose pages may ask for what is one person's. */
    readonly pages?: readonly string[]
  },
): void {
  const route = app.route(path).all(named(path))
  const others = onlyAllow([...(get ? ['GET'] : []), ...(post ? ['POST'] : ['HEAD']), 'OPTIONS'])
  if (origins === 'same') route.all(sameOrigin(pages))
  if (page)
    route.all(helmet.contentSecurityPolicy({ useDefaults: false, directives: policyOf(page) }))
  if (points !== undefined) route.all(charge(limiter, points))
  // Express would answer HEAD with what GET does.
  const turn = inTurn(turns)
  if (post) route.post(...post.slice(0, -1), turn, ...post.slice(-1)).head(others)
  if (get) route.get(turn, get)
  route.all(others)
}

const charge =
  (limiter: RateLimiter, points: number): RequestHandler =>
  async (req, res, next) => {
    if (req.method !== 'OPTIONS') await limiter.spend(res.locals.principal, points)
    next()
  }
