import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type CountingProxy = AsyncDisposable & {
  readonly url: string
  /** How many calls of each method have gone through; each call of a batch counts. The object is live. */
  readonly calls: Readonly<Record<string, number>>
  /** All of them. */
  total(): number
  /** Answers 503 from now on, or no longer. */
  setDown(isDown: boolean): void
}

/** Stands between a client and a node, counts what is asked, and can pretend that the node is away. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const calls: Record<string, number> = {}
  let down = false
  const server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      if (down) return response.writeHead(503).end()
      const body = Buffer.concat(parts)
      const asked = JSON.parse(body.toString()) as { method: string } | { method: string }[]
      for (const { method } of [asked].flat()) calls[method] = (calls[method] ?? 0) + 1
      const answer = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      return response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(Buffer.from(await answer.arrayBuffer()))
    })().catch(() => response.writeHead(502).end())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    total: () => Object.values(calls).reduce((sum, count) => sum + count, 0),
    setDown: (isDown) => void (down = isDown),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
