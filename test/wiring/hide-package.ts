import { registerHooks } from 'node:module'

/*
 * Imported before a program, it makes the packages that HIDDEN_PACKAGES names impossible to load, as if they were not
 * installed.
 */
const hidden = new Set((process.env['HIDDEN_PACKAGES'] ?? '').split(','))

/** `@uniswap/v2-core` of `@uniswap/v2-core/build/UniswapV2Pair.json` */
const nameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

registerHooks({
  resolve(specifier, context, next) {
    if (hidden.has(nameOf(specifier))) {
      const error = new Error(`Cannot find package '${specifier}', which is hidden`)
      throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(specifier, context)
  },
})
