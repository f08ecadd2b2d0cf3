import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from '#cli/program.ts'
import { exitCodes, exitMeanings } from '#faces/exit-code.ts'
import { runCli } from './run-cli.ts'
import { spawnNode } from './spawn-app.ts'

/** Every command with the words that call it; `dev` has the help of another program. */
function allCommands(command: Command, words: readonly string[] = []): [string, Command][] {
  const own: [string, Command][] = [[words.join(' '), command]]
  const inner = command.commands.filter((each) => each.name() !== 'dev')
  return [...own, ...inner.flatMap((each) => allCommands(each, [...words, each.name()]))]
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => void (text += part) })
  command.outputHelp()
  return text
}

/** The examples of a help text, each as the words that a shell would pass on. */
const examplesOf = (help: string): string[][] =>
  help
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => /^ {2}\$ halyard (.+)$/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/ > .*$/, '').split(/ +/))

/** The same program, with commands that do nothing. */
async function parseOnly(args: readonly string[]): Promise<unknown> {
  const program = await createProgram()
  for (const [, command] of allCommands(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    if (command.commands.length === 0) command.action(() => undefined)
  }
  for (const command of program.commands)
    if (command.name() === 'dev') command.action(() => undefined)
  return program.parseAsync([...args], { from: 'user' })
}

const all = await createProgram()

describe('the help of every command', () => {
  test.each(allCommands(all))('has examples that it takes: %s', async (_, command) => {
    const examples = examplesOf(helpOf(command))
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) await parseOnly(example)
  })

  test('is there without the code of the others where it is called by its name', async () => {
    const names = all.commands.map((command) => command.name())
    expect(names).toContain('backfill')
    for (const name of names)
      expect((await createProgram(name)).commands.map((command) => command.name())).toEqual([name])
    for (const other of ['help', '--version', 'back', 'toString', '__proto__'])
      expect((await createProgram(other)).commands.length).toBe(names.length)
  })

  test('and an example that it would not take is noticed', async () => {
    await expect(parseOnly(['quote', '--in', '0xa0b8…eb48'])).rejects.toThrow(/--in/)
  })

  test.each(['apps/api/main.ts', 'apps/indexer/main.ts', 'apps/devnet/main.ts'])(
    'of the program %s has its options, and an example; that of a service its exit codes',
    async (main) => {
      const app = spawnNode(main, '--help')
      await app.end
      const text = app.stdout()
      expect(text).toMatch(/^Options:$/m)
      expect(text).toMatch(/^Examples?:\n {2}\$ npm /m)
      if (main !== 'apps/devnet/main.ts') {
        expect(text).toMatch(/^Exit codes:\n {2}0 {4}done\n {2}2 {4}the command line/m)
        expect(text).toMatch(/^ {2}-c, --config <file>/m)
      }
    },
  )
})

test('exit codes are told by halyard --help and by the docs, each with its meaning', async () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8')
  const { stdout } = await runCli('--help')
  for (const [name, code] of Object.entries(exitCodes)) {
    const meaning = exitMeanings[name as keyof typeof exitCodes]
    expect(docs).toContain(`| ${code} | ${meaning} |`)
    expect(stdout).toContain(`  ${String(code).padEnd(3)}  ${meaning}\n`)
  }
  expect(docs.match(/^\| \d+ \|/gm)).toHaveLength(Object.keys(exitCodes).length)
})

test('with --json a failure is a line of JSON on stdout, beside the words on stderr', async () => {
  const missing = await runCli('migrate', '--json', '--config', 'no-such-file.json')
  expect(JSON.parse(missing.stdout)).toEqual({
    status: 'failed',
    exitCode: 78,
    message: expect.stringContaining('no-such-file.json cannot be read'),
  })
  expect(missing.stderr).toContain('no-such-file.json cannot be read')
  expect(missing.code).toBe(78)
  const wrong = await runCli('quote', '--json', '--colour', 'red')
  expect(JSON.parse(wrong.stdout)).toMatchObject({ status: 'failed', exitCode: 2 })
  expect((await runCli('migrate', '--config', 'no-such-file.json')).stdout).toBe('')
})
