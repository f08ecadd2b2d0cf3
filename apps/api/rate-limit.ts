/** A quote searches for some milliseconds, and asks a node: what it costs beside the request, in points. */
export const QUOTE_POINTS = 10
/** A snapshot reads all transfers of a collection. */
export const SNAPSHOT_POINTS = 20
/** A page of what accounts did reads some blocks for each row in the worst case. */
export const ACTIVITY_POINTS = 5
/** A page of declared events may look at thousands of them. */
export const EVENTS_POINTS = 3
/** A decision on one person's wallets asks a node. */
export const CHECK_POINTS = 5
/** A thousand people together are two or three requests to a node, and some milliseconds each hundred. */
export const BATCH_POINTS = 50

/** What is done for somebody waits for a disk. */
export const ACT_POINTS = 5
