import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

export type RedisServer = {
  readonly url: string
  /** Stops it; `start` begins again at the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** Whether a real server can be started here. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis)
  process.stderr.write('NO redis-server ON THE PATH: what needs a real Redis is not tested\n')

/** A Redis that keeps nothing on disk, at a port of its own. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  let child: ReturnType<typeof spawn> | undefined
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const args = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
      ]
      const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      child = started
      for await (const chunk of started.stdout)
        if (String(chunk).includes('Ready to accept connections')) break
    },
    async stop() {
      if (!child || child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
  await server.start()
  return server
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
