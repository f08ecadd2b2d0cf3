/** A quote searches for some milliseconds, and asks a node: what it costs beside the request, in points. */
export const QUOTE_POINTS = 10
