import { parseArgs } from 'node:util'
import { messageOf } from '#core/errors.ts'
import { FAULT_FORMS, parseFault } from './fault-text.ts'
import { loadRecording } from './recording.ts'
import { type RecordedChainOptions, startRecordedChain } from './server.ts'

const DEFAULT_PORT = 8545
const DEFAULT_DATA = new URL('../../vectors/mainnet-blocks.json.br', import.meta.url)
const USAGE_EXIT_CODE = 2

const HELP = `Serves recorded mainnet blocks over JSON-RPC on 127.0.0.1.

usage: node test/tools/recorded-chain/main.ts [options]

  --port N          ${DEFAULT_PORT} by default; 0 takes a free one
  --data FILE       a recording; test/vectors/mainnet-blocks.json.br by default
  --chain-id N      the recording's own by default
  --finalized N     number of the finalized block; the head by default
  --fault FAULT     KIND:field=value,field=value; may be given more than once
  --help

faults ([field] may be left out; each takes [method] and [times] too):
${FAULT_FORMS.map((form) => `  ${form}`).join('\n')}

examples:
  node test/tools/recorded-chain/main.ts --port 0
  node test/tools/recorded-chain/main.ts --fault missing-log:block=10760440,logIndex=5
  node test/tools/recorded-chain/main.ts --fault http-status:status=429,retryAfterSeconds=1,times=3 \\
    --fault slow:ms=200,method=eth_getLogs
`

type Command = {
  readonly data: string | URL
  readonly server: Omit<RecordedChainOptions, 'recording'>
}

function parseCommand(args: string[]): Command | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      'chain-id': { type: 'string' },
      finalized: { type: 'string' },
      fault: { type: 'string', multiple: true },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return 'help'
  const number = (name: 'port' | 'chain-id' | 'finalized', max: number): number | undefined => {
    const text = values[name]
    if (text === undefined) return undefined
    if (!/^\d+$/.test(text) || Number(text) > max)
      throw new Error(`--${name}: "${text}" is not a whole number up to ${max}`)
    return Number(text)
  }
  const chainId = number('chain-id', Number.MAX_SAFE_INTEGER)
  const finalized = number('finalized', Number.MAX_SAFE_INTEGER)
  return {
    data: values.data ?? DEFAULT_DATA,
    server: {
      port: number('port', 65_535) ?? DEFAULT_PORT,
      faults: (values.fault ?? []).map(parseFault),
      ...(chainId !== undefined && { chainId }),
      ...(finalized !== undefined && { finalized }),
    },
  }
}

function fail(error: unknown, exitCode: number): void {
  process.stderr.write(`recorded-chain: ${messageOf(error)}\n`)
  if (exitCode === USAGE_EXIT_CODE) process.stderr.write('--help tells what there is\n')
  process.exitCode = exitCode
}

async function run({ data, server }: Command): Promise<void> {
  const chain = await startRecordedChain({ recording: await loadRecording(data), ...server })
  const ended = new Promise((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve)
  })
  process.stdout.write(`recorded-chain: ${chain.url}\n`)
  await ended
  await chain.close()
}

async function main(): Promise<void> {
  let command: Command | 'help'
  try {
    command = parseCommand(process.argv.slice(2))
  } catch (error) {
    return fail(error, USAGE_EXIT_CODE)
  }
  if (command === 'help') {
    process.stdout.write(HELP)
    return
  }
  try {
    await run(command)
  } catch (error) {
    fail(error, 1)
  }
}

await main()
