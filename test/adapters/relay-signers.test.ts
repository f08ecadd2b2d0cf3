import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { privateKeyToAccount } from 'viem/accounts'
import { parseTransaction, recoverTransactionAddress } from 'viem'
import {
  createEthersTransactionSigner,
  createLocalSigner,
  type PlaceOfSpends,
} from '#adapters/ethers/relay-signer.ts'
import { readKeyFile } from '#adapters/signer/key-file.ts'
import { createRemoteSigner, type RemoteKey } from '#adapters/signer/remote-signer.ts'
import type { Address, Hex } from '#core/chain.ts'
import type { SpendCall } from '#core/relay/ports.ts'
import { spawnApp } from '../apps/spawn-app.ts'

const KEY: Hex = `0x${'5a'.repeat(32)}`
const TOKEN = 'a-token-of-this-test'
const address = privateKeyToAccount(KEY).address.toLowerCase() as Address
const other = privateKeyToAccount(`0x${'5b'.repeat(32)}`).address.toLowerCase() as Address
const place: PlaceOfSpends = { chainId: 7, contract: `0x${'c0'.repeat(20)}`, gasLimit: 90_000 }
const spend: SpendCall = {
  operation: `0x${'0f'.repeat(32)}`,
  wallet: address,
  amountRaw: 5n,
  deadlineS: 9,
}
const draft = { nonce: 3, feeMaxRaw: 40n, tipRaw: 2n, spend } as const

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-signer-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a key in a file', () => {
  test('is read where nobody else can read it, and is in no message', () => {
    const path = join(folder, 'mine.key')
    writeFileSync(path, `${KEY}\n`, { mode: 0o600 })
    expect(readKeyFile(path)).toBe(KEY)
    chmodSync(path, 0o640)
    expect(() => readKeyFile(path)).toThrow(/can be read by others; .*chmod 600/)
    writeFileSync(path, `${KEY}00`)
    chmodSync(path, 0o600)
    expect(() => readKeyFile(path)).toThrow(/holds no key/)
    expect(() => readKeyFile(path)).not.toThrow(/5a5a/)
    expect(() => readKeyFile(join(folder, 'none.key'))).toThrow(/cannot be read/)
  })
})

describe('a key in a service', () => {
  test('signs what a key of this process signs; another key, a wrong token and a service that is away are told', async () => {
    const path = join(folder, 'service.key')
    writeFileSync(path, KEY, { mode: 0o600 })
    const main = 'apps/cli/main.ts'
    const words = [main, 'signer', '--key-file', path, '--port', '0']
    const app = spawnApp('env', `SIGNER_TOKEN=${TOKEN}`, process.execPath, ...words)
    try {
      await app.said(/signing as .* at http:\S+/)
      const url = /http:\S+/.exec(app.stdout())?.[0] ?? ''
      const remote: RemoteKey = { url, keyId: 'relay', address, token: TOKEN }
      const signed = await createEthersTransactionSigner(createRemoteSigner(remote), place).sign(
        draft,
      )
      const local = await createEthersTransactionSigner(createLocalSigner(KEY), place).sign(draft)
      expect(signed).toEqual(local)
      const bytes = signed.bytes as `0x02${string}`
      expect(parseTransaction(bytes)).toMatchObject({ chainId: 7, nonce: 3, maxFeePerGas: 40n })
      const by = await recoverTransactionAddress({ serializedTransaction: bytes })
      expect(by.toLowerCase()).toBe(address)
      const signWith = (change: Partial<RemoteKey>) =>
        createEthersTransactionSigner(createRemoteSigner({ ...remote, ...change }), place).sign(
          draft,
        )
      await expect(signWith({ address: other })).rejects.toThrow(/no signature of that key/)
      await expect(signWith({ token: 'another' })).rejects.toThrow(/it answers with 401/)
      await expect(signWith({ keyId: 'none' })).rejects.toThrow(/it answers with 404/)
      await expect(signWith({ url: 'http://127.0.0.1:1' })).rejects.toThrow(/it gives no answer/)
      expect(app.stdout() + app.stderr()).not.toMatch(/5a5a|a-token/)
    } finally {
      app.child.kill()
      await app.end
    }
  }, 60_000)
})
