import { benchFollowing } from './following.ts'
import { benchHeadUpdates } from './head-updates.ts'
import { benchHistory } from './history.ts'
import { benchIndex } from './index-chain.ts'
import { benchOwnership } from './ownership.ts'
import { benchLargeAudit, benchLedger } from './ledger.ts'
import { benchPoolQuotes } from './pool-quotes.ts'
import { benchQuotesOverHttp } from './quote-http.ts'
import { benchRefusals } from './refusals.ts'
import { benchRoutes } from './routes.ts'
import { benchWorkers } from './workers.ts'

type Bench = (print: (line: string) => void) => Promise<void>

/** Figures of one run each; none of them is a test. */
const figures: Readonly<Record<string, readonly Bench[]>> = {
  heads: [benchHeadUpdates, benchFollowing],
  history: [benchHistory],
  index: [benchIndex],
  workers: [benchWorkers],
  ownership: [benchOwnership],
  refusals: [benchRefusals],
  ledger: [benchLedger],
  audit: [benchLargeAudit],
  quote: [benchPoolQuotes, benchRoutes, benchQuotesOverHttp],
}

const [name = ''] = process.argv.slice(2)
const figure = figures[name]
if (figure) for (const bench of figure) await bench((line) => process.stdout.write(`${line}\n`))
else {
  const known = Object.keys(figures).join(', ')
  process.stderr.write(`Usage: npm run bench -- <figure>\nFigures: ${known}\n`)
  process.exitCode = 2
}
