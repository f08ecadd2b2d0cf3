import type { Rig } from './api-rig.ts'

// Answers are of whatever shape a query asks for.
// oxlint-disable-next-line typescript/no-explicit-any
type Event = { readonly event: string; readonly data: any }

/** A subscription whose results come as server-sent events, as a client reads them. */
export async function subscribe(
  rig: Rig,
  query: string,
  variables: object,
  accept = 'text/event-stream',
  by?: string,
) {
  const stop = new AbortController()
  const response = await rig.get('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      ...(by !== undefined && { authorization: `Bearer ${by}` }),
    },
    body: JSON.stringify({ query, variables }),
    signal: stop.signal,
  })
  const events: Event[] = []
  let isOver = false
  const read = async (): Promise<void> => {
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true })
        const parts = text.split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) {
          const [, event, data] = /^event: (\w+)\ndata: ?(.*)$/s.exec(part) ?? []
          if (event) events.push({ event, data: data ? JSON.parse(data) : undefined })
        }
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
    isOver = true
  }
  const done = read()
  return {
    response,
    events,
    isOver: () => isOver,
    async leave() {
      stop.abort()
      await done
    },
    done,
  }
}
