import { createReadStream, createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

/** The quickest: the text of a chain becomes a tenth of its size with it already. */
const LEVEL = 1

/**
 * Makes the file of a saved chain from its packed form. A file that is there is newer: its process was killed before
 * it could pack it.
 *
 * @param path of the file that anvil reads and writes; the packed one has `.gz` behind it
 */
export async function unpackState(path: string): Promise<void> {
  if (existsSync(path) || !existsSync(`${path}.gz`)) return
  await replace(path, (part) =>
    pipeline(createReadStream(`${path}.gz`), createGunzip(), createWriteStream(part)),
  )
}

/** Packs the file that anvil has written, and removes it; until the packed one is complete, the other one stays. */
export async function packState(path: string): Promise<void> {
  if (!existsSync(path)) return
  await replace(`${path}.gz`, (part) =>
    pipeline(createReadStream(path), createGzip({ level: LEVEL }), createWriteStream(part)),
  )
  rmSync(path)
}

async function replace(path: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${path}.part`
  await write(part)
  renameSync(part, path)
}
