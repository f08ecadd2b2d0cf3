import { benchIndex } from './index-chain.ts'

/** Figures, each a ratio in one run; none of them is a test. */
const figures: Readonly<Record<string, (print: (line: string) => void) => Promise<void>>> = {
  index: benchIndex,
}

const [name = ''] = process.argv.slice(2)
const figure = figures[name]
if (figure) await figure((line) => process.stdout.write(`${line}\n`))
else {
  const known = Object.keys(figures).join(', ')
  process.stderr.write(`Usage: npm run bench -- <figure>\nFigures: ${known}\n`)
  process.exitCode = 2
}
