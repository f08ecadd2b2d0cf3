import { type Browser, chromium } from 'playwright-core'
import { announce, findProgram, missing } from './programs.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** A browser without a window, for suites that look at pages; undefined where there is none. */
export async function openChromium(): Promise<Browser | undefined> {
  const path = NAMES.map(findProgram).find((found) => found !== undefined)
  if (!path) return missing('browser suites', 'put chromium on the PATH (Debian: chromium)')
  announce(`Browser: ${path}`)
  return chromium.launch({
    executablePath: path,
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking'],
  })
}
