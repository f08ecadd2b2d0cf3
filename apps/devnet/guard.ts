import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Interrupts a child when this process ends without stopping it itself, by a crash or SIGKILL: the operating system
 * then closes the pipe that a waiting shell reads from. Windows has no such shell; there a crash leaves it running.
 *
 * @param exited settles when the child has ended
 */
export function stopWithParent({ pid }: ChildProcess, exited: Promise<unknown>): void {
  if (pid === undefined || process.platform === 'win32') return
  const guard = spawn('sh', ['-c', `read -r _; kill -INT ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // Without a shell, a crash leaves the child running; that is no reason not to start.
  guard.once('error', () => {})
  guard.unref()
  // Gone as soon as the child is: its process number may be given to somebody else.
  const dismiss = (): void => void guard.kill('SIGKILL')
  void exited.then(dismiss, dismiss)
}
