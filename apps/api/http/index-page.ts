import type { RouteOf } from './route.ts'

type Link = { readonly path: string; readonly about: string }

/** Where to go from here. @param development whether pages for people are served */
const linksOf = (development: boolean): Link[] => [
  { path: '/graphql', about: development ? 'GraphQL, with a page to try queries' : 'GraphQL' },
  ...(development ? [{ path: '/v1/docs', about: 'REST, each operation to be tried' }] : []),
  { path: '/v1/openapi.json', about: 'The reference of REST for programs (OpenAPI 3.1)' },
  { path: '/v1/status', about: 'How far the history reaches' },
  { path: '/v1/chains', about: 'The chains that are served' },
  { path: '/v1/pools', about: 'Pools' },
  { path: '/live', about: 'Whether the process answers' },
  { path: '/ready', about: 'Whether answers are fresh' },
]

/** One that styles itself, and loads nothing: its icon is an empty one, or browsers would ask for a file. */
const PAGE = { 'style-src': ["'unsafe-inline'"], 'img-src': ['data:'] } as const

const htmlOf = (links: readonly Link[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Halyard</title>
<link rel="icon" href="data:,">
<style>
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  dt { margin-top: .8rem } dd { margin: 0; color: #555 }
</style>
<h1>Halyard</h1>
<p>A proven history of a chain, exact quotes, one API.</p>
<dl>
${links.map(({ path, about }) => `<dt><a href="${path}">${path}</a><dd>${about}`).join('\n')}
</dl>
</html>
`

/** What is served, for whoever asks for nothing in particular: a page for a browser, else JSON. */
export const indexPage: RouteOf = ({ config }) => {
  const links = linksOf(config.api.development)
  const html = htmlOf(links)
  return {
    path: '/',
    page: PAGE,
    get(req, res) {
      res.setHeader('cache-control', 'no-cache')
      res.setHeader('vary', 'accept')
      if (req.accepts(['json', 'html']) === 'html') res.type('html').send(html)
      else res.json({ name: 'Halyard', links })
    },
  }
}
