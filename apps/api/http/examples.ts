/** What the examples of the reference are about, so that each can be tried: contracts and an account of mainnet. */
export const EXAMPLE_TOKEN = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2'
export const EXAMPLE_OTHER_TOKEN = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'
export const EXAMPLE_POOL = '0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc'
export const EXAMPLE_COLLECTION = '0xaa74955674127e98e6ce30f65b676f18c5176f7b'
export const EXAMPLE_ACCOUNT = '0x08894e02b950fc44ef7a81da248d4f0bfd6659d4'
