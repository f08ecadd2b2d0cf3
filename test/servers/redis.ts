import { findProgram, freePort, missing, type Running, startProgram } from './programs.ts'

export type RedisServer = {
  readonly url: string
  /** Stops it; `start` begins again at the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

const program =
  findProgram('redis-server') ??
  missing('what needs a real Redis', 'install redis-server, or put it on the PATH')

/** Whether a real server can be started here. */
export const hasRedis = program !== undefined

/** A Redis that keeps nothing on disk, at a port of its own. */
export async function startRedis(): Promise<RedisServer> {
  if (program === undefined) throw new Error('there is no redis-server')
  const port = await freePort()
  const place = ['--port', String(port), '--bind', '127.0.0.1']
  const args = [...place, '--save', '', '--appendonly', 'no']
  let running: Running | undefined
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      running = await startProgram(program, args, (output) =>
        output.includes('Ready to accept connections'),
      )
    },
    async stop() {
      await running?.stop()
      running = undefined
    },
  }
  await server.start()
  return server
}
