import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Command } from 'commander'
import { parseWhole } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import type { Hash } from '#core/chain.ts'
import { invalidField, isAppError, messageOf } from '#core/errors.ts'
import type { DigestSigner } from '#core/relay/ports.ts'
import { listen } from '#faces/listen.ts'
import { openKey } from '#wiring/open-key.ts'
import { environment } from '#wiring/system.ts'

type Options = {
  readonly keyFile: string
  readonly keyId: string
  readonly tokenEnv: string
  readonly host: string
  readonly port: number
}

export const signerCommand = (): Command =>
  new Command('signer')
    .summary('sign for relays on other machines')
    .description(
      'Keeps one key and signs 32 bytes at a time for whoever has the token: a small stand-in for the key service of a cloud, ' +
        'and an example of one. Use it in a network of your own, behind TLS.',
    )
    .requiredOption('--key-file <file>', 'the key, in a file that nobody else can read')
    .option('--key-id <name>', 'how relays name the key', 'relay')
    .option(
      '--token-env <name>',
      'the variable of the environment that holds the token',
      'SIGNER_TOKEN',
    )
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'likewise', parseWhole(0, 65_535), 4_200)
    .addHelpText('after', '\nExamples:\n  $ halyard signer --key-file ./relay.key --port 4200')
    .action((options: Options) => untilStopped((stop) => run(options, stop)))

const TOKEN_LENGTH_MIN = 16

async function run({ keyFile, keyId, tokenEnv, host, port }: Options, stop: AbortSignal) {
  const token = environment[tokenEnv] ?? ''
  if (token.length < TOKEN_LENGTH_MIN)
    throw invalidField(
      '--token-env',
      `the environment has no ${tokenEnv} with ${TOKEN_LENGTH_MIN} characters or more; set it to a random word`,
    )
  const key = await openKey({ kind: 'file', path: keyFile })
  const handle = (req: IncomingMessage, res: ServerResponse): void =>
    void respond(req, res, { key, keyId, token })
  await using server = await listen(handle, { host, port, field: '--port' })
  process.stdout.write(`signing as ${key.address} at ${server.url}\n`)
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve()
    stop.addEventListener('abort', () => resolve(), { once: true })
  })
}

type Service = { readonly key: DigestSigner; readonly keyId: string; readonly token: string }

async function respond(req: IncomingMessage, res: ServerResponse, service: Service): Promise<void> {
  const [status, body] = await answer(req, service)
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Status and body. */
async function answer(req: IncomingMessage, service: Service): Promise<[number, object]> {
  if (req.method !== 'POST' || req.url !== '/sign') return [404, { error: 'POST /sign' }]
  if (!isSame(req.headers.authorization ?? '', `Bearer ${service.token}`))
    return [401, { error: 'the token is not the one of this service' }]
  try {
    const { keyId, digest } = await bodyOf(req)
    if (keyId !== service.keyId) return [404, { error: 'keyId: there is no such key' }]
    if (typeof digest !== 'string' || !/^0x[0-9a-f]{64}$/i.test(digest))
      return [400, { error: 'digest: not 0x and 64 hex digits' }]
    return [200, { signature: await service.key.signDigest(digest as Hash) }]
  } catch (error) {
    if (!isAppError(error, 'invalid')) return [500, { error: 'it failed' }]
    return [400, { error: messageOf(error) }]
  }
}

/** Hashed first, so that how long it takes says nothing of the token. */
const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(hash('sha256', a)), Buffer.from(hash('sha256', b)))

const BODY_BYTES_MAX = 10_000

async function bodyOf(req: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = ''
  for await (const part of req) {
    text += String(part)
    if (text.length > BODY_BYTES_MAX)
      throw invalidField('body', `more than ${BODY_BYTES_MAX} bytes`)
  }
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>
  } catch {
    // As if it were no object.
  }
  throw invalidField('body', 'it is no JSON object; send keyId and digest')
}
