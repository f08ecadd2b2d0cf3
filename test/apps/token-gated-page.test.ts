import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Wallet } from 'ethers'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
// @ts-expect-error -- the example is plain JavaScript, for whoever copies it
import { createPageServer } from '../../docs/examples/token-gated-page/server.mjs'
import { systemClock } from '#adapters/node/clock.ts'
import type { Address } from '#core/chain.ts'
import type { Decision } from '#core/ownership/decision.ts'
import { addressOf } from '../fakes/encode.ts'
import { openChromium } from '../servers/chromium.ts'
import { openRig, type Rig } from './api-rig.ts'

const CONTENT = 'For members alone: 🎉 <b>not bold</b>'
const COLLECTION = addressOf(0x721)
const SHOWN_MS = 20_000
const [member, stranger] = [new Wallet(`0x${'a1'.repeat(32)}`), new Wallet(`0x${'b2'.repeat(32)}`)]

const browser = await openChromium()
afterAll(() => browser?.close())

/** Sends a request as it stands, with a target that no browser and no `fetch` would leave as it is. */
const statusOf = (port: number, target: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${target} HTTP/1.1\r\nHost: page\r\nCookie: halyard_session=mine\r\n\r\n`),
    )
    socket.on('data', (part) => {
      socket.destroy()
      resolve(String(part).split(' ')[1] ?? 'none')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve('none'))
  })

test('what the page passes on goes to the API alone, whatever the request names', async () => {
  const seen: string[] = []
  const listening = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const told = (name: string): Server =>
    createServer((req, res) => {
      seen.push(`${name} ${req.url}`)
      res.end('{}')
    })
  const [api, elsewhere] = [told('api'), told('elsewhere')]
  const host = `127.0.0.1:${await listening(elsewhere)}`
  const options = { api: `http://127.0.0.1:${await listening(api)}`, rule: {}, content: CONTENT }
  const page: Server = createPageServer(options)
  try {
    const port = await listening(page)
    for (const target of [`//${host}/v1/sign-in`, `http://${host}/v1/sign-in`, '//', '/members/..'])
      expect(await statusOf(port, target), target).toBe('404')
    expect(await statusOf(port, '/v1/sign-in?a=//b')).toBe('200')
    expect(seen).toEqual(['api /v1/sign-in'])
  } finally {
    for (const server of [api, elsewhere, page]) server.close()
  }
})

describe.skipIf(!browser)('the page that is for holders of a token', () => {
  let rig: Rig
  let server: Server
  let page: Page
  let url: string
  /** What is known of who owns the token: undefined while no node can be asked. */
  let members: readonly Address[] | undefined
  const rules: unknown[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    // The API has to know the page's port, and the page the API's.
    const options = { api: '', rule: { erc721: { collection: COLLECTION } }, content: CONTENT }
    server = createPageServer(options)
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
    const host = `localhost:${(server.address() as AddressInfo).port}`
    url = `http://${host}`
    rig = await openRig({
      blocks: 1,
      identity: {
        domains: [host],
        uris: [url],
        origins: [],
        secret: 'a secret of thirty-two letters..',
        sessionMs: 3_600_000,
        unlinkCoolDownMs: 0,
      },
      overrides: () => ({
        // The page tells the time that it is.
        clock: systemClock,
        ownership: {
          async check({ rule, people, finality }) {
            rules.push(rule)
            return people.map((wallets) => decisionOf(wallets, finality))
          },
        },
      }),
    })
    options.api = rig.url
  })
  afterAll(async () => {
    server?.close()
    server?.closeAllConnections()
    await rig?.[Symbol.asyncDispose]()
  })

  function decisionOf(wallets: readonly Address[], finality: Decision['finality']): Decision {
    const isMember = members && wallets.some((wallet) => members?.includes(wallet))
    const [answer, reason] =
      isMember === undefined
        ? (['unknown', 'unavailable'] as const)
        : isMember
          ? (['yes', 'met'] as const)
          : (['no', 'too-few'] as const)
    return { answer, reason, finality, block: null, clauses: [] }
  }

  /** A browser of its own, with a wallet in it that signs when it is asked to. */
  async function openWith(wallet: Wallet | undefined): Promise<void> {
    const context = await browser?.newContext()
    page = (await context?.newPage()) as Page
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => {
      // A refusal of the server is an answer.
      if (line.type() === 'error' && !/status of (401|403|503)/.test(line.text()))
        complaints.push(line.text())
    })
    if (wallet) {
      const address = wallet.address.toLowerCase()
      await page.exposeFunction('askWallet', async (method: string, params: unknown[]) => {
        switch (method) {
          case 'eth_requestAccounts':
          case 'eth_accounts':
            return [address]
          case 'eth_chainId':
            return '0x7a69'
          case 'personal_sign':
            return wallet.signMessage(Buffer.from(String(params[0]).slice(2), 'hex'))
          default:
            throw new Error(`the wallet knows no ${method}`)
        }
      })
      await page.addInitScript(
        'window.ethereum = { request: ({ method, params = [] }) => window.askWallet(method, params), on() {}, removeListener() {} }',
      )
    }
    await page.goto(url)
  }
  const status = (): Promise<string> => page.getByRole('status').innerText()
  const signIn = (): Promise<void> =>
    page.getByRole('button', { name: 'Sign in with your wallet' }).click()
  const shown = (text: string): Promise<void> => page.getByText(text).waitFor({ timeout: SHOWN_MS })

  beforeEach(() => {
    members = [member.address.toLowerCase() as Address]
  })

  test('shows a holder who signs in what it has for holders, and nothing after the sign-out', async () => {
    await openWith(member)
    await shown('Sign in to see it.')
    expect(await page.locator('article').isVisible()).toBe(false)
    await signIn()
    await shown(CONTENT)
    expect(rules.at(-1)).toMatchObject({ kind: 'erc721', collection: COLLECTION })
    // The session is a cookie, which outlives the page and which no script reads.
    await page.reload()
    await shown(CONTENT)
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await shown('Sign in to see it.')
    expect(await page.content()).not.toContain('For members alone')
    await page.context().close()
  })

  test('says why to somebody who holds nothing, and to whom it cannot know', async () => {
    await openWith(stranger)
    await signIn()
    await shown('No: less is held than needed')
    members = undefined
    await page.reload()
    await shown('Not known: no node could be asked at the block')
    expect(await page.content()).not.toContain('For members alone')
    members = [stranger.address.toLowerCase() as Address]
    await page.reload()
    await shown(CONTENT)
    await page.context().close()
  })

  test('says so where there is no wallet, and gives nothing to who asks without a page', async () => {
    await openWith(undefined)
    await signIn()
    await shown('Not done: there is no wallet in this browser')
    const bare = await fetch(`${url}/members`, { headers: { cookie: 'halyard_session=forged' } })
    expect([bare.status, await bare.text()]).toEqual([401, '{"why":"Sign in to see it."}'])
    for (const path of ['/v1/person', '/v1/openapi.json', '/server.mjs', '/../package.json'])
      expect((await fetch(`${url}${path}`)).status, path).toBe(404)
    expect(await status()).toContain('no wallet')
    await page.context().close()
    expect(complaints).toEqual([])
  })
})
