import { createProgressBar, type ProgressBar } from '#cli/progress.ts'
import type { Reading } from '#cli/reading.ts'

/** A run that has brought nothing for so long says what it reads. */
const QUIET_MS = 5_000

/**
 * Walks through a run to its end, its steps shown as a bar on stderr.
 *
 * @param start begins the run; `say` prints a line of its own
 * @param show a step's place on the bar
 * @returns what the run returns
 */
export async function showProgress<Step, Result>(
  start: (say: ProgressBar['say']) => AsyncGenerator<Step, Result>,
  reading: Reading,
  show: (step: Step) => { readonly done: number; readonly total: number; readonly note: string },
): Promise<Result> {
  const bar = createProgressBar(process.stderr, 'blocks')
  let newsAt = performance.now()
  const quiet = setInterval(() => {
    if (performance.now() - newsAt < QUIET_MS) return
    const { headers, logs, receipts } = reading
    bar.say(`reading the chain: ${headers} headers, ${logs} logs, ${receipts} receipts so far`)
  }, QUIET_MS)
  try {
    const steps = start(bar.say)
    let step = await steps.next()
    while (!step.done) {
      newsAt = performance.now()
      const { done, total, note } = show(step.value)
      bar.update(done, total, note)
      step = await steps.next()
    }
    return step.value
  } finally {
    clearInterval(quiet)
    bar.end()
  }
}
