import { describe, expect, test } from 'vitest'
import { migrations as mongo } from '#adapters/mongo/migrations/all.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { migrations as sqlite } from '#adapters/sqlite/migrations/all.ts'
import {
  checksumOf,
  type Migration,
  type MigrationRecord,
  migrationName,
  pendingMigrations,
} from '#core/operations/migration.ts'

const migration = (number: number, ...steps: string[]): Migration => ({
  number,
  name: `m${number}`,
  steps,
})
const ran = (of: Migration, isDone = true): MigrationRecord => ({
  number: of.number,
  name: of.name,
  checksum: checksumOf(sha256, of),
  isDone,
})
const known = [migration(1, 'a'), migration(2, 'b'), migration(3, 'c')] as const
const pending = (records: readonly MigrationRecord[]): number[] =>
  pendingMigrations(sha256, known, records).map(({ number }) => number)

describe('the migrations that are still to be run', () => {
  test('are those without a record, and one that did not come to its end', () => {
    expect(pending([])).toEqual([1, 2, 3])
    expect(pending([ran(known[1]), ran(known[0])])).toEqual([3])
    expect(pending([ran(known[0]), ran(known[1], false)])).toEqual([2, 3])
    expect(pending(known.map((each) => ran(each)))).toEqual([])
  })

  test('may hold one that was mended before it ever came to its end', () => {
    expect(pending([ran(known[0]), ran(migration(2, 'broken'), false)])).toEqual([2, 3])
  })

  test('are refused where one was renamed or edited after it ran', () => {
    const renamed = { ...ran(known[0]), checksum: checksumOf(sha256, { ...known[0], name: 'x' }) }
    expect(() => pending([renamed])).toThrow(/migration 001-m1 did something else/)
    expect(() => pending([ran(migration(1, 'a', 'a'))])).toThrow(/001-m1/)
  })

  test('are refused where a newer version ran others', () => {
    expect(() => pending([...known.map((each) => ran(each)), ran(migration(4))])).toThrow(
      /newer version .*to 4, and this version knows 3/,
    )
  })

  test('are refused where a later one ran before them', () => {
    expect(() => pending([ran(known[0]), ran(known[2])])).toThrow(/003-m3 ran before 002-m2/)
  })

  test('are numbered without a gap, or it is a bug', () => {
    expect(() => pendingMigrations(sha256, [known[1]], [])).toThrow(/numbered/)
  })
})

describe('the migrations of the product', () => {
  test('are the same ones in every kind of store', () => {
    expect(mongo.map(migrationName)).toEqual(sqlite.map(migrationName))
  })

  test('are never edited: a checksum that changes here would be refused by everybody’s records', () => {
    const checksums = (list: readonly Migration[]) =>
      list.map((each) => `${migrationName(each)} ${checksumOf(sha256, each)}`)
    expect({ sqlite: checksums(sqlite), mongo: checksums(mongo) }).toMatchInlineSnapshot(`
      {
        "mongo": [
          "001-about 6233bf5bc54701688d013deb81ea422b79047b30b8cf93de49f4eb911922a620",
          "002-points-ledger 4a7b7453681a4e58c00832c43554a7fe6b20d4d51e0a1dea50d6d6b33c121515",
          "003-identity eff76b3c35498f53e2dd2f2c1b76c8bfb501b5d92ab3e538b3b75ee343ea5d70",
          "004-discord-accounts 75bf5b0d6816cb528eab21fa6bf98e5913c78ddd80727d5c4a2d0e18959a20f7",
          "005-relay 5d151db9a3841380af7654504f129ceca25ce310a2c77e47c545e8b324996dcf",
          "006-guild-roles 27a88f5a2334fc83dc0ef0d3851f96cd0baa3569c85040f36e24dd4c00721876",
          "007-webhooks 1e95b2b738b32984a5bc08115882d69d797172f26025d78faf62654f33242ede",
          "008-nft-metadata e1508b92ce9e154ea4002fb355e5ec97047e149bd714fca8c654fdccb2538aa3",
        ],
        "sqlite": [
          "001-about 30792559da6b563836fdf49a922bcc8d31661a5334376bb7a87a23496fd755e6",
          "002-points-ledger 3c302332c82aec5c592b38b24341a8255e5223e8963e339f799dc9e943ccc710",
          "003-identity 049be1072bff01c3a05338f69f85b76f317cefc283979068830460b16c3fafae",
          "004-discord-accounts 8442f387c98d037f82e8911c60f36dc888a3b768e2691d23eb90f031edae25f1",
          "005-relay a24da6accec1d89a8a34dfb8901c4ee7c39e0acdcdefd6679dca3a3c4596c180",
          "006-guild-roles a4ec3aa2a08cb43497192673cfcd30828a37e0081e97d1df1f5ad976299af0cf",
          "007-webhooks bfed46fc2ef3e7ef111c80f9c9cad3ae2787ad8ee85429b5e9b4ef73762a2daf",
          "008-nft-metadata fd3f945a5b73a6d26c3398c6e1669070abc5a6151537978f5990906d8890006c",
        ],
      }
    `)
  })
})
