import { describe, expect, test } from 'vitest'
import { openRig, type Rig } from './api-rig.ts'

const indexOf = (rig: Rig, accept: string) => rig.get('/', { headers: { accept } })

/** Everything in the examples of a reference that is an address. */
async function addressesIn(rig: Rig): Promise<Set<string>> {
  const { paths } = await (await rig.get('/v1/openapi.json')).json()
  const examples = Object.values<any>(paths).flatMap((methods) =>
    Object.values<any>(methods).flatMap((of) => [
      ...of.parameters.map(({ example }: { example?: unknown }) => example),
      of.requestBody?.content['application/json'].example,
    ]),
  )
  return new Set(JSON.stringify(examples).match(/0x[0-9a-f]{40}/g))
}

describe('the root of the API', () => {
  test('is JSON with links for programs, and a page with the same links for a browser', async () => {
    for (const development of [false, true]) {
      await using rig = await openRig({ blocks: 3, api: { development } })
      const json = await indexOf(rig, '*/*')
      expect(json.headers.get('content-type')).toMatch(/^application\/json/)
      const { links } = (await json.json()) as { links: { path: string }[] }
      const paths = links.map(({ path }) => path)
      expect(paths.includes('/v1/docs')).toBe(development)
      const html = await indexOf(rig, 'text/html,application/xhtml+xml,*/*;q=0.8')
      expect(html.headers.get('content-type')).toMatch(/^text\/html/)
      const found = [...(await html.text()).matchAll(/href="(\/[^"]*)"/g)].map(([, path]) => path)
      expect(found).toEqual(paths)
      // A query is asked for at /graphql, and nothing of this chain is new enough for /ready.
      for (const path of paths)
        expect((await rig.get(path, { headers: { accept: 'text/html' } })).status, path).not.toBe(
          404,
        )
    }
  })
})

describe('the examples of the reference', () => {
  test('are about what this history has, and are answered', async () => {
    await using rig = await openRig({ blocks: 30 })
    const document = await rig.json('/v1/openapi.json')
    expect(document.info.description).not.toContain('mainnet')
    const addresses = await addressesIn(rig)
    expect(addresses.size).toBeGreaterThan(4)
    const pools = await rig.json('/v1/pools?limit=500')
    const { paths } = document
    const example = paths['/v1/pools/{address}'].get.parameters[0].example
    expect(pools.items.map(({ address }: { address: string }) => address)).toContain(example)
    for (const [path, { get }] of Object.entries<any>(paths)) {
      if (!get || path === '/v1/quotes') continue
      // Tokens of the fake chain come from nowhere, so that what counts all of them is refused; what they say of themselves
      // is not kept; and nobody has signed in.
      const isCounted = path.includes('/snapshot') || path === '/v1/collections/{address}'
      if (isCounted || path.endsWith('/tokens/{tokenId}') || get.security) continue
      const query = new URLSearchParams()
      let at = path
      for (const each of get.parameters)
        if (each.in === 'path') at = at.replace(`{${each.name}}`, each.example)
        else if (each.example !== undefined) query.set(each.name, String(each.example))
      const { block } = await rig.json(`${at}?${query}`)
      // Every answer names its block, where it is of one.
      const { schema } = get.responses[200].content['application/json']
      expect(block?.number, path).toBe(schema.properties.block ? 29 : undefined)
    }
  })

  test('are marked as mainnet’s while nothing is indexed, and no longer then', async () => {
    await using rig = await openRig({ late: true })
    const before = await rig.json('/v1/openapi.json')
    expect(before.info.description).toMatch(/No pools and collections are indexed yet: .*mainnet/)
    expect(await addressesIn(rig)).toContain('0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc')
    await rig.append(30)
    expect((await rig.json('/v1/openapi.json')).info.description).not.toContain('mainnet')
    expect(await addressesIn(rig)).not.toContain('0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc')
  })
})
