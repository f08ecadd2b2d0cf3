import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RouteOf } from './route.ts'
import { findSubjects } from './examples.ts'
import { createOpenApi } from './openapi.ts'
import type { Route } from './route.ts'
import { sendProblem } from './problem.ts'

/** What the operations of `routes` take and give, for programs: OpenAPI 3.1. */
export function reference(routes: readonly Route[]): RouteOf {
  return (api) => {
    /** Made once there are examples of everything: what they are about stays. */
    let whole: string | undefined
    async function textNow(): Promise<string> {
      const found = await findSubjects(api)
      const text = JSON.stringify(createOpenApi(routes, found))
      if (found.foreign.length === 0) whole = text
      return text
    }
    return {
      path: '/v1/openapi.json',
      async get(_req, res) {
        res.setHeader('cache-control', 'no-cache')
        res.type('application/json').send(whole ?? (await textNow()))
      },
    }
  }
}

/** The page loads its parts from here and asks this server alone. */
const PAGE = {
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
} as const

const HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Halyard REST</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/open.js"></script>
</html>
`

const SCRIPT = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#reference', validatorUrl: null })
`

/** The parts of the page that the package has; looked for when they are asked for. */
const PARTS: Readonly<Record<string, () => string>> = {
  'swagger-ui.css': () => import.meta.resolve('swagger-ui-dist/swagger-ui.css'),
  'swagger-ui-bundle.js': () => import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
}

/** The same for people, who may try each operation: only in development, and with nothing from elsewhere. */
export const referencePage: readonly RouteOf[] = [
  () => ({
    path: '/v1/docs',
    page: PAGE,
    get: (_req, res) => void res.type('html').send(HTML),
  }),
  () => ({
    path: '/v1/docs/:part',
    get(req, res, next) {
      const part = String(req.params.part)
      if (part === 'open.js') {
        res.type('js').send(SCRIPT)
        return
      }
      const resolve = Object.hasOwn(PARTS, part) ? PARTS[part] : undefined
      if (!resolve) {
        sendProblem(res, {
          name: 'not-found',
          title: 'Not found',
          status: 404,
          detail: 'the page has no such part',
        })
        return
      }
      createReadStream(fileURLToPath(resolve()))
        .once('error', next)
        .pipe(res.type(part.slice(part.lastIndexOf('.'))))
    },
  }),
]
