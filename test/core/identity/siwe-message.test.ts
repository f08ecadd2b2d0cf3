import fc from 'fast-check'
import { getAddress } from 'viem'
import { createSiweMessage } from 'viem/siwe'
import { describe, expect, test } from 'vitest'
import { parseSiweMessage } from '#core/identity/siwe-message.ts'

const address = getAddress('0x46efbaedc92067e6d60e84ed6395099723252496')
const plain = {
  address,
  domain: 'example.org',
  uri: 'https://example.org/login',
  version: '1',
  chainId: 1,
  nonce: '0123456789abcdef0123456789abcdef',
  issuedAt: new Date('2026-11-26T10:00:00.000Z'),
} as const
const text = createSiweMessage(plain)
const statusOf = (message: string): string => parseSiweMessage(message).status

describe('a message of EIP-4361', () => {
  test('of any members is read as it was written', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{8,20}$/)
    const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
    const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
    fc.assert(
      fc.property(
        fc.record({
          key: fc.bigInt(1n, 2n ** 160n - 1n),
          chainId: fc.integer({ min: 1, max: 1e9 }),
          nonce: word,
          port: maybe(fc.integer({ min: 1, max: 65_535 })),
          scheme: maybe(fc.constant('https')),
          statement: maybe(fc.stringMatching(/^[A-Za-z0-9 .,!?']{1,60}$/)),
          issuedAt: date,
          expirationTime: maybe(date),
          notBefore: maybe(date),
          requestId: maybe(word),
          resources: maybe(
            fc.array(
              word.map((each) => `ipfs://${each}`),
              { maxLength: 4 },
            ),
          ),
        }),
        ({ key, port, ...members }) => {
          const signer = `0x${key.toString(16).padStart(40, '0')}` as const
          const domain = port === undefined ? 'example.org' : `example.org:${port}`
          const given = Object.fromEntries(
            Object.entries(members).filter(([, value]) => value !== undefined),
          )
          const written = createSiweMessage({
            ...plain,
            ...given,
            domain,
            address: getAddress(signer),
          })
          expect(parseSiweMessage(written)).toMatchObject({
            status: 'parsed',
            message: {
              domain,
              address: signer,
              scheme: members.scheme ?? null,
              statement: members.statement ?? null,
              chainId: members.chainId,
              nonce: members.nonce,
              issuedAt: members.issuedAt.getTime() / 1_000,
              expiresAt: members.expirationTime ? members.expirationTime.getTime() / 1_000 : null,
              notBefore: members.notBefore ? members.notBefore.getTime() / 1_000 : null,
              requestId: members.requestId ?? null,
              resources: members.resources ?? [],
            },
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  const line = (from: string, to: string): string => text.replace(from, to)

  test.each([
    ['nothing', ''],
    ['a carriage return', text.replaceAll('\n', '\r\n')],
    ['a line more', `${text}\n`],
    ['a line more with words', `${text}\nAnd more`],
    ['a space at the end', `${text} `],
    ['an address without its checksum', line(address, address.toLowerCase())],
    ['an address with another checksum', line(address, `0x${address.slice(2).toUpperCase()}`)],
    ['another version', line('Version: 1', 'Version: 2')],
    ['no version', line('Version: 1\n', '')],
    ['a chain id with a zero in front', line('Chain ID: 1', 'Chain ID: 01')],
    ['a chain id that is no number', line('Chain ID: 1', 'Chain ID: 1e3')],
    ['a chain id past 2^53', line('Chain ID: 1', 'Chain ID: 9007199254740993')],
    ['a short nonce', line(plain.nonce, '1234567')],
    ['a nonce with a dash', line(plain.nonce, '1234-5678')],
    ['two nonces', line('Issued At', 'Nonce: 12345678\nIssued At')],
    [
      'fields in another order',
      line(`Chain ID: 1\nNonce: ${plain.nonce}`, `Nonce: ${plain.nonce}\nChain ID: 1`),
    ],
    ['a day that there is not', line('2026-11-26T', '2026-02-30T')],
    ['a time without a zone', line('.000Z', '.000')],
    ['a URI with a space', line('/login', '/log in')],
    ['a domain with a path', line('example.org wants', 'example.org/x wants')],
    ['a domain with a user', line('example.org wants', 'evil@example.org wants')],
    ['a statement of two lines', line('\n\nURI', '\nOne\nTwo\n\nURI')],
    ['a statement outside of ASCII', line('\n\nURI', '\nSigné\n\nURI')],
    ['resources without a list', `${text}\nResources:\nhttps://example.org`],
    ['more than it may have', `${text}\nResources:${'\n- https://example.org'.repeat(400)}`],
  ])('with %s is malformed', (_, message) => {
    expect(message).not.toBe(text)
    expect(statusOf(message)).toBe('malformed')
  })

  test('that is cut off anywhere is malformed', () => {
    // What is left of the time is a time again in two places: with fewer digits of its second.
    for (let end = 0; end < text.length; end++)
      expect(statusOf(text.slice(0, end)), text.slice(0, end)).toBe('malformed')
  })
})
