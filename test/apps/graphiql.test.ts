import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium } from '../servers/chromium.ts'
import { openRig, type Rig } from './api-rig.ts'

const BLOCKS = 60
const ANSWERED_TIMEOUT_MS = 20_000

const browser = await openChromium()
afterAll(() => browser?.close())

describe.skipIf(!browser)('the GraphiQL page', () => {
  let rig: Rig
  let page: Page
  /** What the console was told, what was thrown, and what could not be loaded. */
  let complaints: string[]
  let origins: Set<string>

  beforeAll(async () => {
    rig = await openRig({ blocks: BLOCKS, api: { development: true } })
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  beforeEach(async () => {
    complaints = []
    origins = new Set()
    page = (await browser?.newPage()) as Page
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`))
    // Of a blob it is that of its page, of data it is none.
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    page.on('websocket', (socket) => origins.add(new URL(socket.url()).origin))
  })
  afterEach(() => page.close())

  /** Without spaces: the editor breaks long words into lines. */
  async function answer(): Promise<string> {
    const shown = await page.getByRole('region', { name: 'Result Window' }).innerText()
    return shown.replaceAll(/\s/g, '')
  }
  const run = (): Promise<void> => page.getByRole('button', { name: /^Execute query/ }).click()

  test('runs the query that it opens with, and loads nothing from elsewhere', async () => {
    await page.goto(`${rig.url}/graphql`)
    expect(await page.title()).toBe('Halyard GraphQL')
    await run()
    await expect
      .poll(answer, { timeout: ANSWERED_TIMEOUT_MS })
      .toMatch(new RegExp(`^{"data":{"_meta":{"block":{"number":${BLOCKS - 1},.*"pools"`))
    expect(complaints).toEqual([])
    expect([...origins].filter((origin) => origin !== 'null')).toEqual([rig.url])
  })

  test('runs the query of its address, and shows what is wrong with one', async () => {
    const open = (query: string) =>
      page.goto(`${rig.url}/graphql?query=${encodeURIComponent(query)}`)
    await open('{ _meta { block { hash } } }')
    await run()
    const hash = rig.newest?.hash as string
    await expect
      .poll(answer, { timeout: ANSWERED_TIMEOUT_MS })
      .toBe(`{"data":{"_meta":{"block":{"hash":"${hash}"}}}}`)
    await open('{ pools(first: 0) { nodes { address } } }')
    await run()
    await expect.poll(answer, { timeout: ANSWERED_TIMEOUT_MS }).toContain('"code":"BAD_USER_INPUT"')
  })

  test('knows the schema', async () => {
    await page.goto(`${rig.url}/graphql`)
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await page.getByRole('link', { name: 'Query' }).click()
    await page.getByRole('link', { name: 'holdings' }).click()
    await page.getByText('Who holds what now').waitFor()
    expect(complaints).toEqual([])
  })
})
