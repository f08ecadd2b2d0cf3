/** A fault put into the product on purpose, and the suites that are to see it. */
export type Mutant = {
  /** What goes wrong. */
  readonly name: string
  readonly file: string
  /** Stands in the file just once. */
  readonly find: string
  readonly replace: string
  readonly suites: readonly Suite[]
}

/** `memory`, `sqlite` and `rebuilds` are seeds of the simulation; the others are test files. */
export type Suite =
  | 'memory'
  | 'sqlite'
  | 'contract'
  | 'sqlite-contract'
  | 'golden'
  | 'follow'
  | 'view'
  | 'regressions'
  | 'late-writer'
  | 'one-answer'
  | 'put-back'
  | 'cost'
  | 'sqlite-durability'
  | 'sqlite-event-pages'
  | 'feed'
  | 'rebuild'
  | 'rebuilds'

const APPEND = 'core/indexing/append-blocks.ts'
const COMMIT = 'core/indexing/commit.ts'
const WRITE = 'core/indexing/write-documents.ts'
const SWEEP = 'core/indexing/sweep.ts'
const OPEN = 'core/indexing/open-head.ts'
const PUT_BACK = 'core/indexing/put-back.ts'
const HEAD = 'core/history/head.ts'
const VIEW = 'core/history/view.ts'
const WINDOW = 'core/history/window.ts'
const RESOLVE = 'core/history/resolve.ts'
const POOLS = 'core/dex/project-pools.ts'
const DERIVE = 'core/indexing/derive.ts'
const WORKING = 'core/indexing/working-set.ts'
const AT_HEAD = 'core/history/at-head.ts'
const EVENTS = 'core/history/list-events.ts'
const DIGEST = 'core/history/digest.ts'
const FEED = 'core/history/feed.ts'
const REBUILDS = 'core/history/rebuilds.ts'
const REBUILD = 'core/indexing/rebuild/rebuild-history.ts'
const IN_PLACE = 'core/indexing/rebuild/put-in-place.ts'
const CHECKPOINTS = 'core/indexing/checkpoints.ts'
const MEMORY = 'adapters/memory/chain-store.ts'
const SQLITE_FILE = 'adapters/sqlite/database.ts'
const SQLITE = 'adapters/sqlite/chain-writer.ts'
const SQLITE_TREE = 'adapters/sqlite/working-tree.ts'
const SQLITE_EVENTS = 'adapters/sqlite/event-table.ts'

const both: readonly Suite[] = ['regressions', 'late-writer', 'memory', 'contract']
const rebuilding: readonly Suite[] = ['rebuild', 'contract', 'rebuilds']
const sqlite: readonly Suite[] = ['regressions', 'sqlite', 'sqlite-contract']

/** A fault in a file: what it does wrong, the text that stands there, and what is put in its place. */
const mutant = (
  file: string,
  suites: readonly Suite[],
  name: string,
  find: string,
  replace: string,
): Mutant => ({ name, file, find, replace, suites })

export const mutants: readonly Mutant[] = [
  mutant(
    DIGEST,
    ['golden'],
    'the digest of events leaves their rows out',
    '${block.hash}\\n`, rows)',
    '${block.hash}\\n`)',
  ),
  mutant(
    DIGEST,
    ['golden'],
    'the digest of the state leaves the values out',
    '\\n${encodeDocument(spec, version.value)}`',
    '\\n${encodeDocument(spec, version.value).length * 0}`',
  ),
  mutant(
    DIGEST,
    ['golden'],
    'the digest of the state leaves the heights out',
    '\\n${version.number}\\n',
    '\\n',
  ),
  mutant(
    'core/indexing/follow-head.ts',
    ['follow'],
    'a reorg is believed at first sight',
    'const confirmed = seen && sighting && isConfirmed(sighting, seen)',
    'const confirmed = seen',
  ),
  mutant(
    'core/indexing/follow-head.ts',
    ['follow'],
    'a conflict that repeats is tried again without a longer pause',
    'const pauseMs = Math.min(input.pollMs * 2 ** failures++, BACKOFF_MS_MAX)',
    'const pauseMs = Math.min(input.pollMs, BACKOFF_MS_MAX)',
  ),
  mutant(
    PUT_BACK,
    both,
    'what may still be committed is put back',
    '|| !isDead(stored)) return []',
    ') return []',
  ),
  mutant(
    PUT_BACK,
    both,
    'documents that do not exist are not removed',
    'if (!stored || stored === visible ||',
    'if (!stored || !visible || stored === visible ||',
  ),
  mutant(
    PUT_BACK,
    ['put-back'],
    'a put back that another writer got ahead of is taken as done',
    'if (missed.length === 0) return true',
    'return missed.length >= 0',
  ),
  mutant(
    MEMORY,
    both,
    'memory replaces whatever version is stored',
    'if (!isSameVersion(stored, expected)) missed.push(index)',
    'if (!stored !== !expected) missed.push(index)',
  ),
  mutant(
    'core/history/document.ts',
    both,
    'versions of one block and another commit are the same',
    'a?.number === b?.number && a?.commit === b?.commit && a?.move === b?.move',
    'a?.number === b?.number',
  ),
  mutant(
    WRITE,
    both,
    'a hidden version that is replaced is not put aside',
    'const records: Undo[] = [{ id, version: stored, until: last }]',
    'const records: Undo[] = []',
  ),
  mutant(
    WRITE,
    both,
    'what stood beside a hidden version is not put aside',
    'if (previous && !isSameVersion(previous, before))',
    'if (previous && isSameVersion(previous, before))',
  ),
  mutant(
    WRITE,
    both,
    'what stood beside the version before is not put aside',
    'const isNeeded = previous && stored.number > kept',
    'const isNeeded = previous && stored.number > last',
  ),
  mutant(
    COMMIT,
    both,
    'the finalized block falls',
    'if (finalized.number <= known.number) return known',
    'if (finalized.number <= known.number) return finalized',
  ),
  mutant(
    COMMIT,
    both,
    'a final block of another branch counts',
    'return hash === finalized.hash ? { number, hash } : known',
    'return hash ? { number, hash } : known',
  ),
  mutant(
    COMMIT,
    both,
    'several blocks that are not final are committed at once',
    'commit.blocks.length === 1 || finalized.number === last.number,',
    'commit.blocks.length > 0 || finalized.number === last.number,',
  ),
  mutant(
    WRITE,
    both,
    'a second look does not compare what was derived from',
    'if (!now || !isSameVersion(now.visible, change.before)) return undefined',
    'if (!now) return undefined',
  ),
  mutant(
    COMMIT,
    both,
    'a version that may be about to be committed is not fenced off',
    'if (!isOpen) return false',
    'if (isOpen || !isOpen) return false',
  ),
  mutant(
    WRITE,
    both,
    'the head moves though documents were displaced',
    'if (missed.length > 0) throw new Displaced()',
    'if (missed.length > changes.length) throw new Displaced()',
  ),
  mutant(
    WRITE,
    both,
    'the version before is not kept beside the new one',
    'previous: before,\n      expected: stored && refOf(stored),',
    'previous: null,\n      expected: stored && refOf(stored),',
  ),
  mutant(
    WRITE,
    both,
    'nothing is marked before what stood beside final versions goes',
    '...(kept >= 0 ? [writer.mark',
    '...(kept < -1 ? [writer.mark',
  ),
  mutant(
    COMMIT,
    both,
    'a reorg keeps the coverage',
    'coverage: coverageTo(base.head, to.number),',
    'coverage: base.head.coverage,',
  ),
  mutant(
    COMMIT,
    both,
    'a reorg keeps how blocks were proven that it takes back',
    'proof: proofTo(base.head.proof, to.number),',
    'proof: base.head.proof,',
  ),
  mutant(
    WRITE,
    both,
    'no journal is kept',
    'writer.putJournal(base.chainId, { commit, move, from, to: last }, ids),',
    'Promise.resolve([ids, from]),',
  ),
  mutant(
    COMMIT,
    both,
    'a lost commit puts nothing back',
    'if (isCanonical({ number, commit })) return\n',
    'if (number >= 0) return\n',
  ),
  mutant(
    COMMIT,
    ['cost'],
    'the head moves in a transaction that a power cut may take back',
    "await ports.writer.atomically(steps, 'durable')",
    "await ports.writer.atomically(steps, 'cheap')",
  ),
  mutant(
    WRITE,
    ['cost'],
    'what stands beside a final version is put aside',
    'const isNeeded = previous && stored.number > kept',
    'const isNeeded = previous',
  ),
  mutant(
    SWEEP,
    ['cost'],
    'each sweep asks for what is remembered',
    'if (turnOf(head.move, SWEEPS_A_LOOK) === 0) await lookAgain',
    'await lookAgain',
  ),
  mutant(
    SQLITE_FILE,
    ['sqlite-durability'],
    'SQLite does not wait for the disk when the head moves',
    "wanted === 'durable' ? 'FULL' : 'NORMAL'",
    "wanted === 'durable' ? 'NORMAL' : 'NORMAL'",
  ),
  mutant(
    APPEND,
    both,
    'a batch is committed behind one that failed',
    'lastCommit = done.catch((error: unknown) => lose(messageOf(error)))',
    'lastCommit = done.catch(() => undefined)',
  ),
  mutant(
    APPEND,
    both,
    'a writer that lost goes on with the next batch',
    'if (isLost) return undefined',
    'if (isLost && mine.blocks.length === 0) return undefined',
  ),
  mutant(
    HEAD,
    both,
    'what is above the floor is visible by its number',
    'return atOrAbove(view.window, number)?.commit === commit',
    'return atOrAbove(view.window, number) !== undefined || commit === ""',
  ),
  mutant(
    HEAD,
    both,
    'a view of an earlier block sees the whole window',
    'head: { ...view.head, number: at.number, hash, commit, timestamp, digest, coverage, proof },',
    'head: { ...view.head, number: at.number, hash, commit, timestamp, digest, proof },',
  ),
  mutant(
    HEAD,
    both,
    'the floor is raised above what is settled',
    'const highest = Math.min(settledTo, view.head.finalized.number)',
    'const highest = Math.max(settledTo, view.head.finalized.number)',
  ),
  mutant(
    VIEW,
    both,
    'everything below the floor is canonical',
    'return (ref) => isOnLine(view, ref) ?? answer.has(ref.commit)',
    'return (ref) => isOnLine(view, ref) ?? (answer.has(ref.commit) || true)',
  ),
  mutant(
    VIEW,
    both,
    'what is settled is read after the entries of the head',
    'return { view: raiseFloor(view, settledTo), entries }',
    'return { view: raiseFloor(view, (await heads.upkeep(latest.chainId)).settledTo + 1), entries }',
  ),
  mutant(
    WINDOW,
    [...both, 'view'],
    'windows that share a list overwrite one another',
    'if (items.length !== end) return push(copyOf(window), waypoint)',
    'items.length = end',
  ),
  mutant(
    RESOLVE,
    both,
    'a hidden version hides the document',
    'if (found || versions.length < limit) return found',
    'if (found || versions.length < limit) return undefined',
  ),
  mutant(
    RESOLVE,
    both,
    'what was swept is not told as stale',
    'if (sweptTo > view.head.number) throw staleView(view)',
    'if (sweptTo < -1) throw staleView(view)',
  ),
  mutant(
    RESOLVE,
    both,
    'a page ends at a hidden document',
    'if (!last || stored.length < limit) break',
    'if (!last || page.length < limit) break',
  ),
  mutant(
    POOLS,
    ['golden'],
    'a pool is changed where the commit before has left it',
    'changed.clear()',
    'void changed',
  ),
  mutant(
    DERIVE,
    ['golden'],
    'a fold that failed goes on with the next batch',
    '      lasting = undefined\n',
    '',
  ),
  mutant(
    AT_HEAD,
    both,
    'a view that was left is not refused',
    'if (view.head.commit !== ORIGIN_COMMIT && !isCanonical(view.head)) throw staleView(view)',
    'if (view.head.commit === ORIGIN_COMMIT && !isCanonical(view.head)) throw staleView(view)',
  ),
  mutant(
    EVENTS,
    both,
    'events of all commits are listed',
    'if (page.length < query.limit && isCanonical(refs[index] as DerivedRef))',
    'if (page.length < query.limit && (isCanonical(refs[index] as DerivedRef) || true))',
  ),
  mutant(
    EVENTS,
    both,
    'a page of events begins behind all rows of a place',
    'after = { ...last.place, branch: last.branch }',
    'after = { ...last.place }',
  ),
  mutant(
    SWEEP,
    both,
    'documents of left branches are not put back',
    'for (const record of dead) if (!(await putBackNamed(ports, view, record))) return',
    '',
  ),
  mutant(
    SWEEP,
    both,
    'undo goes while readers may need it',
    'writer.deleteUndo(Object.values(head.projections), horizon)',
    'writer.deleteUndo(Object.values(head.projections), head.number)',
  ),
  mutant(
    SWEEP,
    both,
    'dead blocks stay',
    'if (strange.length > 0) await writer.deleteBlocks(chainId, strange)',
    'if (strange.length < 0) await writer.deleteBlocks(chainId, strange)',
  ),
  mutant(
    SWEEP,
    both,
    'what is clean is never looked at again',
    'if (parts <= 0) return [fresh]',
    'if (parts <= 0 || parts > 0) return [fresh]',
  ),
  mutant(
    SWEEP,
    ['late-writer'],
    'what is looked at again goes by a remainder',
    'Math.floor(((move * GOLDEN) % 1) * count)',
    'move % Math.max(count, 1)',
  ),
  mutant(
    SWEEP,
    both,
    'what the log has not decided on yet is put back by the sweep',
    '({ move }) => move <= view.head.move)',
    '({ move }) => move > 0)',
  ),
  mutant(
    SWEEP,
    both,
    'an attempt that never came about is forgotten when it is swept',
    'const done = records.filter((record) => !open.includes(record))',
    'const done = records.filter((record) => !open.includes(record) || true)',
  ),
  mutant(
    SWEEP,
    both,
    'what the log had and a reorg left is remembered',
    'return dead.filter(({ commit }) => !committed.has(commit))',
    'return dead.filter(() => committed.size >= 0)',
  ),
  mutant(
    SWEEP,
    both,
    'what is remembered is never looked at',
    'if (turnOf(head.move, SWEEPS_A_LOOK) === 0) await lookAgain',
    'if (turnOf(head.move, SWEEPS_A_LOOK) < 0) await lookAgain',
  ),
  mutant(
    SWEEP,
    both,
    'the same attempt is looked at always',
    'kept[turnOf(view.head.move, SWEEPS_A_LOOK * kept.length)]',
    'kept[0]',
  ),
  mutant(
    SWEEP,
    both,
    'those of the lowest moves are remembered',
    'all.toSorted((a, b) => b.move - a.move)',
    'all.toSorted((a, b) => a.move - b.move)',
  ),
  mutant(
    SWEEP,
    both,
    'any number of attempts is remembered',
    'if (tooMany.length > 0) await forget(ports, view, tooMany)',
    'if (tooMany.length < 0) await forget(ports, view, tooMany)',
  ),
  mutant(
    SWEEP,
    both,
    'what is swept for the first time is not in the journal that is asked for',
    'const fresh = { from: cleanTo + 1, to: horizon }\n  const records',
    'const fresh = { from: horizon, to: horizon }\n  const records',
  ),
  mutant(
    OPEN,
    both,
    'what was begun is put back without a fence',
    'const fence = leftovers.isOpen\n',
    'const fence = leftovers.isOpen && tries < 0\n',
  ),
  mutant(
    OPEN,
    both,
    'what the log has decided on is fenced off again',
    'if (move <= head.move) dead.add(commit)',
    'if (move < 0) dead.add(commit)',
  ),
  mutant(
    OPEN,
    both,
    'documents of unfinished commits are left as they are',
    'move >= head.floorMove',
    'move < 0',
  ),
  mutant(
    OPEN,
    both,
    'rows of unfinished commits stay',
    'if (blocks.length > 0) await ports.writer.deleteBlocks(chainId, blocks)',
    'if (blocks.length < 0) await ports.writer.deleteBlocks(chainId, blocks)',
  ),
  mutant(
    APPEND,
    both,
    'what a writer gives up is taken for the work of another',
    'giveUp(mine)',
    'void mine',
  ),
  mutant(
    APPEND,
    ['one-answer'],
    'a writer opens the head on one server and reads the rest on another',
    'await ports.heads.asOneAnswer(() => openFrom(given))',
    'await openFrom(given)',
  ),
  mutant(
    APPEND,
    ['one-answer'],
    'a writer folds onto what it has read of a server that lags',
    'await ports.heads.asOneAnswer(() => derivation.fold(standing(), events))',
    'await derivation.fold(standing(), events)',
  ),
  mutant(
    WORKING,
    ['golden'],
    'a commit lets go of documents that a later batch has in its hands',
    'each.batch > accepted',
    'each.batch > accepted + 1_000',
  ),
  mutant(
    WORKING,
    ['regressions'],
    'a commit lets go of documents that are still to be asked for as the head before it has them',
    'if (isLoading) return',
    '',
  ),
  mutant(
    WORKING,
    ['golden'],
    'what a batch has changed is taken for a change of the next one',
    'each.changedAt = undefined',
    'void each',
  ),
  mutant(
    DERIVE,
    ['golden'],
    'what is wanted is looked up before the events in front of it are folded',
    'fold.finish()',
    'void fold',
  ),
  mutant(
    AT_HEAD,
    ['one-answer'],
    'reads of an answer go to whichever server',
    'return await views.asOneAnswer(attempt)',
    'return await attempt()',
  ),
  mutant(
    SQLITE,
    sqlite,
    'SQLite replaces whatever version is stored',
    'if (replaceOne(db, spec, treeOf(change.id.tree), change) === 0) missed.push(index)',
    'if (replaceOne(db, spec, treeOf(change.id.tree), change) < 0) missed.push(index)',
  ),
  mutant(
    SQLITE,
    sqlite,
    'SQLite deletes undo that is needed',
    'WHERE tree = ? AND until <= ?',
    'WHERE tree = ? AND until - 2 <= ?',
  ),
  mutant(
    SQLITE_TREE,
    sqlite,
    'SQLite leaves out the versions beside the current ones',
    'AND previous_number <= ?',
    'AND previous_number < ? - 1000000',
  ),
  mutant(
    SQLITE_EVENTS,
    sqlite,
    'SQLite resumes behind all rows of a place',
    'order || (after.branch === undefined ? 0 : block - Number(after.branch))',
    'order',
  ),
  mutant(
    SQLITE_EVENTS,
    ['sqlite-event-pages'],
    'SQLite gives a row before one of another commit at the same place is read',
    'row.number === number && row.logIndex < first',
    'row.number === number && row.logIndex <= first',
  ),
  mutant(
    FEED,
    ['feed'],
    'the feed goes on behind a block of which it told a part',
    'logIndex: isWhole ? null : last.event.logIndex',
    'logIndex: isWhole ? null : null',
  ),
  mutant(
    FEED,
    ['feed'],
    'the feed does not retract what a reorg took back',
    'if (isCanonical(cursor)) return undefined',
    'if (isCanonical(cursor) || true) return undefined',
  ),
  mutant(
    FEED,
    ['feed'],
    'the feed retracts to the newest of several reorgs, not to the lowest',
    'if (!lowest || entry.number < lowest.number) lowest = entry',
    'lowest = entry',
  ),
  mutant(
    FEED,
    ['feed'],
    'the feed tells that a block is final before it has told of it',
    'if (isTold && isOfHistory',
    'if (isOfHistory',
  ),
  mutant(
    FEED,
    ['feed'],
    'the feed tells of final blocks below the first one of the history',
    'if (isTold && isOfHistory',
    'if (isTold',
  ),
  mutant(
    FEED,
    ['feed'],
    'the feed does not ask whether its view was left',
    'await refuseLeftView(ports.views, view)\n      return items',
    'return items',
  ),
  mutant(
    REBUILDS,
    rebuilding,
    'rows that a rebuild put in place do not hide those that they replace',
    'return run ? run.commit === ref.commit : isCanonical(ref)',
    'return run?.commit === ref.commit || isCanonical(ref)',
  ),
  mutant(
    REBUILDS,
    rebuilding,
    'rows of a rebuild count before it is put in place',
    '!isRebuild(commit) && !rewriteAt(rewrites, number)',
    '!rewriteAt(rewrites, number)',
  ),
  mutant(
    REBUILDS,
    rebuilding,
    'runs that a new one covers stay',
    '...(run.from < one.from ? [{ ...run, to: Math.min(run.to, one.from - 1) }] : []),',
    '...(run.from < one.from ? [run] : []),',
  ),
  mutant(
    SWEEP,
    rebuilding,
    'the sweep takes what a rebuild has stored',
    'unsettled.filter(({ commit }) => !isRebuild(commit))',
    'unsettled.filter(({ commit }) => commit !== undefined)',
  ),
  mutant(
    AT_HEAD,
    rebuilding,
    'a view that a rebuild has left passes for one that stands',
    'if (!isSameBuild(now.head, view.head)) throw staleView(view)',
    'void isSameBuild',
  ),
  mutant(
    HEAD,
    rebuilding,
    'a view goes on over a rebuild as if nothing had changed',
    "if (entry.reason === 'rebuild') return viewFrom(entry)",
    "if (entry.reason === 'rebuild') return { ...view, head: entry }",
  ),
  mutant(
    REBUILD,
    rebuilding,
    'a rebuild is put in place below what became final meanwhile',
    'if (now.floor.number > base.floor.number) continue',
    'if (now.floor.number < base.floor.number) continue',
  ),
  mutant(
    IN_PLACE,
    rebuilding,
    'the head keeps its rows where a rebuild has put others',
    '...(rewrites.length > 0 && { rewrites }),',
    '...(rewrites.length < 0 && { rewrites }),',
  ),
  mutant(
    CHECKPOINTS,
    rebuilding,
    'checkpoints stand though a rebuild has put other rows below them',
    'move < run.move && number >= run.from',
    'move < run.move && number < run.from',
  ),
]
