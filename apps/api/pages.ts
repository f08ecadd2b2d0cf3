/** Items of a page where the client does not say, and at most. */
export const PAGE_DEFAULT = 50
export const PAGE_MAX = 500

/** Charts ask for more at once than tables. */
export const CANDLES_DEFAULT = 500
export const CANDLES_MAX = 1_500
