import { styleText } from 'node:util'

/** Shows how a long run goes: a bar that redraws itself on a terminal, a line now and then elsewhere. */
export type ProgressBar = {
  /** `done` of `total` units. */
  update(done: number, total: number, note: string): void
  /** A line of its own, below what stands there. */
  say(line: string): void
  /** Leaves the last state standing. */
  end(): void
}

const BAR_WIDTH = 28
const REDRAW_MS = 100
const LINE_MS = 5_000

export function createProgressBar(out: NodeJS.WriteStream, unit: string): ProgressBar {
  const isTerminal = out.isTTY
  const startedAt = performance.now()
  let shownAt = Number.NEGATIVE_INFINITY
  let pending: string | undefined

  const show = (line: string): void => {
    if (isTerminal) out.write(`\r\u001B[2K${line}`)
    else out.write(`${line}\n`)
    shownAt = performance.now()
    pending = undefined
  }

  return {
    update(done, total, note) {
      const line = describe(isTerminal, unit, done, total, performance.now() - startedAt, note)
      if (performance.now() - shownAt < (isTerminal ? REDRAW_MS : LINE_MS)) pending = line
      else show(line)
    },
    say(line) {
      if (isTerminal && Number.isFinite(shownAt)) out.write('\n')
      out.write(`halyard: ${line}\n`)
    },
    end() {
      if (pending) show(pending)
      if (isTerminal && shownAt > 0) out.write('\n')
    },
  }
}

function describe(
  isTerminal: boolean,
  unit: string,
  done: number,
  total: number,
  elapsedMs: number,
  note: string,
): string {
  const share = total === 0 ? 1 : done / total
  const perSecond = done / Math.max(elapsedMs / 1_000, 0.001)
  const left = perSecond > 0 ? (total - done) / perSecond : 0
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const facts = `${percent}  ${done}/${total} ${unit}  ${Math.round(perSecond)}/s  ${duration(left)} left  ${note}`
  if (!isTerminal) return facts.trim()
  const full = Math.round(share * BAR_WIDTH)
  const bar = styleText('cyan', '█'.repeat(full)) + styleText('dim', '░'.repeat(BAR_WIDTH - full))
  return `${bar} ${facts}`
}

/** `42 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}
