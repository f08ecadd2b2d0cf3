/** The pictures of the README, each of the GraphiQL page with a query and its answer. */
export type Picture = {
  /** Below docs/. */
  readonly file: string
  readonly query: string
}

export const pictures: readonly Picture[] = [
  {
    file: 'graphiql.png',
    query: `# All of it is true at the same block
query Overview {
  _meta {
    block { number }
    lag
  }
  pools(first: 1) {
    nodes {
      token0 { symbol }
      token1 { symbol }
      price { token0InToken1 }
      swapCount
      candles(
        interval: ONE_MINUTE
        limit: 1
      ) {
        open
        close
        trades
      }
    }
  }
}
`,
  },
]
