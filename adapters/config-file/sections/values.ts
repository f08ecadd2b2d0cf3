import { z } from 'zod'
import { type Address, addressFault, isAddress, parseAddress } from '#core/chain.ts'

/*
 * Kinds of values that several sections hold. A message says what the value is to be; `fault-text.ts` says the rest.
 */

export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'not an address (0x and 40 hex digits)')
  .check((context) => {
    const fault = isAddress(context.value) ? addressFault(context.value) : undefined
    if (fault !== undefined)
      context.issues.push({ code: 'custom', input: context.value, message: fault })
  })
  .meta({
    id: 'Address',
    description:
      '20 bytes as 0x and 40 hex digits; letters of one case, or with the checksum of EIP-55',
  })

/** An address that the schema has let through, in the form that core goes by. */
export const toAddress = (text: string): Address => parseAddress(text, 'config')

export const blockNumber = z.int('not a block number').min(0, 'not a block number')

export const feePips = z
  .int()
  .min(0)
  .max(1_000_000, 'more than 100 %')
  .meta({ description: 'LP fee in hundredths of a basis point: 3000 = 0.30 %' })

/** Where a Redis is; null: none. */
export const redisUrl = z
  .string()
  .regex(/^rediss?:\/\/.+$/, 'not a redis:// or rediss:// URL')
  .nullable()
  .default(null)

/** 0: any that is free. */
export const port = z.int().min(0).max(65_535)

/** An address or a name of this machine to listen on. */
export const host = z.string().min(1)

/** Hosts with their ports, such as `ipfs.internal:8080`; none unless given. */
export const hostsAndPorts = z
  .array(
    z
      .string()
      .regex(/^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/, 'not a host and a port'),
  )
  .max(100, 'more than 100')
  .default([])

/** As a URL has them. */
export const toHostsAndPorts = (given: readonly string[]): string[] =>
  given.map((each) => each.toLowerCase())
