/** What a program of ours is started with, as `npm run` does; see `keep-compiled.js`. */
export const nodeArguments = ['--import', new URL('./keep-compiled.js', import.meta.url).href]
