import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What the proxy does with new connections.
 *
 * - `pass`: passes both ways.
 * - `close`: accepts and closes, as a proxy does whose server is away.
 * - `silent`: accepts, takes everything and answers nothing.
 * - `refuse`: does not listen.
 */
type ProxyMode = 'pass' | 'close' | 'silent' | 'refuse'

export type TcpProxy = AsyncDisposable & {
  readonly port: number
  set(mode: ProxyMode): Promise<void>
  /** How long every piece of an answer is held back, in milliseconds. */
  delayMs: number
  /**
   * Asked of each piece that a client sends, as text; where it says so, the connection is cut before the piece is
   * passed on, or behind it and before the answer comes back: the client cannot know which of the two it was.
   */
  cut: (sent: string) => 'before' | 'behind' | undefined
  /** The same, the connection only closed in the direction to the client. */
  halfCloseAfter: (sent: string) => boolean
  /** Cuts what is open. */
  cutAll(): void
  /** How many connections were cut or half closed on purpose. */
  readonly cuts: () => number
}

/** Stands between a client and a server of any protocol over TCP on this machine. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const open = new Set<Socket>()
  let mode: ProxyMode = 'pass'
  let cuts = 0

  function accept(client: Socket): void {
    open.add(client)
    client.on('close', () => open.delete(client))
    client.on('error', () => client.destroy())
    if (mode === 'close') client.end()
    else if (mode === 'silent') client.resume()
    else pass(client)
  }

  function pass(client: Socket): void {
    const server = connect(target, '127.0.0.1')
    open.add(server)
    server.on('error', () => client.end())
    server.on('close', () => {
      open.delete(server)
      client.end()
    })
    client.on('close', () => server.destroy())
    client.on('data', (piece) => {
      const text = piece.toString('latin1')
      const cut = proxy.cut(text)
      if (cut) cuts++
      if (cut === 'before') {
        client.resetAndDestroy()
        return
      }
      if (cut === 'behind') {
        // The server has all of it, and what it answers is lost.
        server.removeAllListeners('data')
        server.write(piece, () => client.resetAndDestroy())
        setTimeout(() => server.destroy(), LINGER_MS)
        return
      }
      server.write(piece)
      if (!proxy.halfCloseAfter(text)) return
      cuts++
      server.removeAllListeners('data')
      client.end()
    })
    server.on('data', (piece) => {
      const { delayMs } = proxy
      if (delayMs === 0) client.write(piece)
      else setTimeout(() => client.writable && client.write(piece), delayMs)
    })
  }

  let listener: Server | undefined = await listen(0, accept)
  const { port } = listener.address() as AddressInfo
  const proxy: TcpProxy = {
    port,
    delayMs: 0,
    cut: () => undefined,
    halfCloseAfter: () => false,
    cuts: () => cuts,
    async set(wanted: ProxyMode) {
      mode = wanted
      if (wanted === 'refuse') {
        // What is open stays so, and would be waited for.
        listener?.close()
        listener = undefined
      } else listener ??= await listen(port, accept)
    },
    cutAll() {
      for (const socket of open) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      proxy.cutAll()
      listener?.close()
    },
  }
  return proxy
}

/** How long a server may go on with what a client that is gone has sent. */
const LINGER_MS = 200

function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>()
  const server = createServer(accept)
  server.once('error', reject)
  server.listen(port, '127.0.0.1', () => resolve(server))
  return promise
}
