import { createFaults, type Faults } from '#cli/operator-watch.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { type EarningApp, rulesByChain, wireEarning } from '#cli/wire-earning.ts'
import { type LedgerApp, wireLedger } from '#cli/wire-ledger.ts'
import { readSettings } from '#cli/wire.ts'
import { earnPoints } from '#core/earning/earn-points.ts'
import { AppError } from '#core/errors.ts'
import { auditAndFreeze, type JobEnd, type LedgerJob, runJobs } from '#core/ledger/keep-ledger.ts'
import { createSweeper } from '#core/ledger/sweep-lapsed.ts'
import { createLogger, createMetrics, type Logger } from '#wiring/telemetry.ts'
import { createKeeperMetrics } from './keeper-metrics.ts'

type Options = { readonly config: string; readonly actor?: string }

/** Earns, sweeps and audits until it is stopped. */
export const keep = (options: Options): Promise<void> =>
  untilStopped((stop) => keepUntil(options, stop))

async function keepUntil({ config, actor }: Options, stop: AbortSignal): Promise<void> {
  const { points, secrets } = readSettings(config)
  if (!points)
    throw new AppError('invalid', 'points: the configuration has no such section; add one', {
      details: { field: 'points' },
    })
  const { keeper } = points
  const log = createLogger({ secrets })
  await using stack = new AsyncDisposableStack()
  const app = stack.use(await wireLedger({ config, ledger: points.ledger }))
  const name = actor ?? 'keeper'
  const metrics = createKeeperMetrics(createMetrics())
  const faults = createFaults()
  const jobs = [
    sweepJob(app, name, keeper.sweepMs, metrics),
    auditJob(app, name, keeper.auditMs, { metrics, faults, log, stop }),
    ...(points.rules.length > 0
      ? [earnJob(config, name, keeper.earnMs, { metrics, faults, stack })]
      : []),
  ]
  const server = stack.use(
    await faults.listen(
      metrics,
      { host: keeper.host, port: keeper.port, field: 'points.keeper.port' },
      (error, path) => log.error({ err: error, path }, 'the operator gets no answer'),
    ),
  )
  log.info(
    { url: server.url, ledger: points.ledger, jobs: jobs.map((job) => job.name) },
    'the keeper works',
  )
  await runJobs(app.ports, jobs, (end) => tell(end, metrics, faults, log), stop)
}

type Metrics = ReturnType<typeof createKeeperMetrics>

function tell({ job, ms, error }: JobEnd, metrics: Metrics, faults: Faults, log: Logger): void {
  metrics.ended(job, ms, error === undefined)
  faults.note(job, error?.message)
  if (error) log.warn({ job, reason: error.message }, 'not done; it is tried again')
}

function sweepJob(app: LedgerApp, actor: string, everyMs: number, metrics: Metrics): LedgerJob {
  const sweeper = createSweeper(app.ports, app.ledger, actor)
  return {
    name: 'sweep',
    everyMs,
    async run() {
      metrics.swept(await sweeper.sweep())
    },
  }
}

function auditJob(
  { ports, ledger }: LedgerApp,
  actor: string,
  everyMs: number,
  {
    metrics,
    faults,
    log,
    stop,
  }: {
    readonly metrics: Metrics
    readonly faults: Faults
    readonly log: Logger
    readonly stop: AbortSignal
  },
): LedgerJob {
  return {
    name: 'audit',
    everyMs,
    async run() {
      const kept = await auditAndFreeze(ports, ledger, actor, stop)
      if (!kept) return
      metrics.audited(kept)
      const { breaches } = kept.audit
      const { length } = breaches
      faults.note(
        'ledger',
        length === 0 ? undefined : `${length} invariants are broken; run halyard points audit`,
      )
      if (length > 0)
        log.error(
          { breaches: breaches.slice(0, 10), frozen: kept.frozen },
          'the ledger is not what its log says',
        )
    },
  }
}

function earnJob(
  config: string,
  actor: string,
  everyMs: number,
  {
    metrics,
    faults,
    stack,
  }: {
    readonly metrics: Metrics
    readonly faults: Faults
    readonly stack: AsyncDisposableStack
  },
): LedgerJob {
  const opened = new Map<string, EarningApp>()
  return {
    name: 'earn',
    everyMs,
    async run() {
      for (const of of rulesByChain(config)) {
        const chain = of.settings.chain.name
        // A history that is not there yet is looked for each time.
        // oxlint-disable-next-line no-await-in-loop -- all write one ledger
        const app = opened.get(chain) ?? stack.use(await wireEarning(config, of, actor))
        opened.set(chain, app)
        // oxlint-disable-next-line no-await-in-loop -- likewise
        const reports = await earnPoints(app.ports, app.input)
        metrics.earned(chain, reports)
        const astray = reports.flatMap((report) => report.astray)
        faults.note(
          `earnings on ${chain}`,
          astray.length === 0
            ? undefined
            : `${astray.length} that were confirmed are not on the chain any more; run halyard points earn`,
        )
      }
    },
  }
}
