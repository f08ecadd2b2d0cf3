// A page whose content is for members alone. Node 24, and the package ethers for the page.

import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SCRIPT = 'text/javascript; charset=utf-8'
const files = {
  '/': [join(import.meta.dirname, 'index.html'), 'text/html; charset=utf-8'],
  '/page.js': [join(import.meta.dirname, 'page.js'), SCRIPT],
  '/ethers.js': [
    fileURLToPath(new URL('../dist/ethers.min.js', import.meta.resolve('ethers'))),
    SCRIPT,
  ],
}

/** What of the API the page needs. It comes from the same host, so that its cookies are sent along. */
const PROXIED = /^\/v1\/(?:sign-in(?:\/start)?|session\/end)$/

/**
 * @param {{ api: string, rule: object, content: string }} options the URL of the API, who is a member, and what members see
 */
export function createPageServer(options) {
  return createServer((req, res) => {
    // Not as a URL: one that begins with two slashes, or with a scheme, names another host.
    const [path] = req.url.split('?')
    res.setHeader('cache-control', 'no-store')
    res.setHeader(
      'content-security-policy',
      "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    )
    const failed = () =>
      res.headersSent
        ? res.destroy()
        : tell(res, 503, { why: 'This cannot be told now. Come again later.' })
    if (PROXIED.test(path)) proxy(new URL(path, options.api), req, res, failed)
    else if (path === '/members') membersOnly(req, res).catch(failed)
    else if (files[path]) {
      const [file, type] = files[path]
      res.setHeader('content-type', type)
      res.end(readFileSync(file))
    } else tell(res, 404, { why: 'There is nothing here.' })
  })

  /** The rule is this server's: a visitor who could name it would name another. */
  async function membersOnly(req, res) {
    const { api, rule, content } = options
    const response = await fetch(`${api}/v1/person/ownership/check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: req.headers.cookie ?? '' },
      body: JSON.stringify({ rule, finality: 'latest' }),
    })
    if (response.status === 401) return tell(res, 401, { why: 'Sign in to see it.' })
    if (!response.ok) throw new Error(`the API answers ${response.status}`)
    const { item } = await response.json()
    if (item.answer === 'yes') return tell(res, 200, { content, why: item.why })
    // What cannot be known is no reason to turn anybody away, nor to let anybody in.
    return tell(res, item.answer === 'no' ? 403 : 503, { why: item.why })
  }
}

function tell(res, status, answer) {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  res.end(JSON.stringify(answer))
}

function proxy(url, req, res, failed) {
  const { cookie = '', 'content-type': type = '' } = req.headers
  const passed = request(
    url,
    { method: req.method, headers: { cookie, 'content-type': type } },
    (answer) => {
      res.writeHead(answer.statusCode, answer.headers)
      answer.on('error', failed).pipe(res)
    },
  )
  passed.on('error', failed)
  req.pipe(passed)
}

if (import.meta.main) {
  // oxlint-disable-next-line node/no-process-env -- it has no configuration file
  const { PORT = '8080', API = 'http://127.0.0.1:4000', RULE } = process.env
  if (!RULE) throw new Error('RULE: name who is a member, as {"erc721": {"collection": "0x…"}}')
  const content = 'Welcome. This is for members alone.'
  createPageServer({ api: API, rule: JSON.parse(RULE), content }).listen(Number(PORT))
}
