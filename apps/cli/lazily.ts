/** The action of a command whose code is loaded when it runs: whoever runs another one does not wait for it. */
export const lazily =
  <A extends readonly unknown[]>(load: () => Promise<(...given: A) => Promise<void>>) =>
  async (...given: A): Promise<void> =>
    (await load())(...given)
