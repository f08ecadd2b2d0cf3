import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** What each answer of the node is held back, as one on the other side of an ocean would. */
export const LATENCY_MS = 50

/** A server before a node that passes everything on, and holds back what the node says. */
export async function startLateNode(
  url: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const node = connect(Number(port), hostname)
    for (const socket of [client, node]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        node.destroy()
      })
    }
    client.pipe(node)
    node.on('data', (part) => void setTimeout(() => client.write(part), LATENCY_MS))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
