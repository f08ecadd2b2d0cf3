import { AppError } from '#core/errors.ts'
import { isEmpty, ORIGIN_COMMIT, type View } from './head.ts'
import { isSameBuild } from './rebuilds.ts'
import { isStaleView, staleView, type Views } from './view.ts'

/** An answer is begun again this often when the head overtakes it. */
const RESTARTS_MAX = 3

/** The newest head. @throws AppError `unavailable` where nothing is indexed yet */
export const currentView = async (views: Views): Promise<View> => expectView(await views.current())

/** A view of something. @throws AppError `unavailable` where nothing is indexed yet */
export function expectView(view: View | undefined): View {
  if (!view || isEmpty(view))
    throw new AppError('unavailable', 'nothing is indexed yet; start the indexer or a backfill', {
      details: { reason: 'empty' },
      audience: 'client',
    })
  return view
}

/** For an answer that takes its view itself, once: each attempt is to take a new one. */
export async function whileStale<T>(
  views: Pick<Views, 'asOneAnswer'>,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let restart = 0; ; restart++) {
    try {
      return await views.asOneAnswer(attempt)
    } catch (error) {
      if (!isStaleView(error) || restart === RESTARTS_MAX) throw error
    }
  }
}

/**
 * To be asked when an answer is complete. What a reorg left is swept as soon as its heights are final, and what was
 * read of it then has holes that no single read could see. A head that went back and came again over the same blocks
 * has left this view too: what was derived then is another history. So has a rebuild, which removes what it has replaced.
 *
 * @throws AppError (`isStaleView`) when the view's head is not canonical any more
 */
export async function refuseLeftView(views: Views, view: View): Promise<void> {
  const now = await views.current()
  if (!now || now.head.move === view.head.move) return
  if (!isSameBuild(now.head, view.head)) throw staleView(view)
  const isCanonical = await views.canonical(now, [view.head])
  // The origin was brought by no commit, and every history of this log begins there.
  if (view.head.commit !== ORIGIN_COMMIT && !isCanonical(view.head)) throw staleView(view)
}
