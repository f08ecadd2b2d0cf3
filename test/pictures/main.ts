import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { spawnNode } from '../apps/spawn-app.ts'
import { openChromium } from '../servers/chromium.ts'
import { freePort, temporaryFolder } from '../servers/programs.ts'
import { type Picture, pictures } from './pictures.ts'

/*
 * Makes the pictures of the README anew: starts a local chain with all that runs on it, and takes them of its pages.
 */

const DOCS = join(import.meta.dirname, '../../docs')
const VIEWPORT = { width: 1_200, height: 740 }
/** So that there is something to see. */
const BLOCKS_MIN = 70
/** Slow enough for the index to stand at the chain's newest block. */
const BLOCK_TIME_MS = 1_000
const POLL_MS = 250
const ANSWERED_TIMEOUT_MS = 20_000
/** The editor colours a query once it has read the schema. */
const COLOURED_MS = 2_000

const browser = await openChromium()
if (browser) await takeAll(browser)
else process.exitCode = 1

async function takeAll(chromium: Browser): Promise<void> {
  const folder = temporaryFolder('pictures')
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const names = ['--port', '--rpc-port', '--metrics-port', '--indexer-metrics-port']
  const options = names.flatMap((name, index) => [name, `${ports[index]}`])
  const local = spawnNode(
    'apps/devnet/main.ts',
    '--folder',
    folder.path,
    '--block-time',
    `${BLOCK_TIME_MS}`,
    ...options,
  )
  try {
    await local.said(/Ctrl-C stops all of it/)
    const url = `http://localhost:${ports[0]}`
    await untilBlock(url, BLOCKS_MIN)
    for (const picture of pictures) await take(chromium, url, picture)
  } finally {
    await chromium.close()
    local.child.kill('SIGINT')
    await local.end
    folder.remove()
  }
}

async function untilBlock(url: string, least: number): Promise<void> {
  for (;;) {
    const { block } = (await (await fetch(`${url}/v1/status`)).json()) as {
      block: { number: number }
    }
    if (block.number >= least) return
    await pause(POLL_MS)
  }
}

async function take(chromium: Browser, url: string, { file, query }: Picture): Promise<void> {
  const page = await chromium.newPage({ viewport: VIEWPORT })
  await page.goto(`${url}/graphql?query=${encodeURIComponent(query)}`)
  await page.getByRole('button', { name: 'Hide editor tools' }).click()
  await pause(COLOURED_MS)
  await page.getByRole('button', { name: /^Execute query/ }).click()
  const result = page.getByRole('region', { name: 'Result Window' })
  await result.getByText('"data"').waitFor({ timeout: ANSWERED_TIMEOUT_MS })
  // Neither a cursor that blinks nor a hint below the pointer.
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(DOCS, file), animations: 'disabled', caret: 'hide' })
  await page.close()
  process.stdout.write(`docs/${file}\n`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
