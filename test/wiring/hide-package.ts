import { registerHooks } from 'node:module'

/*
 * Imported before a program, it makes the packages that HIDDEN_PACKAGES names impossible to load, as if they were not
 * installed.
 */
const hidden = new Set((process.env['HIDDEN_PACKAGES'] ?? '').split(','))

registerHooks({
  resolve(specifier, context, next) {
    if (hidden.has(specifier)) {
      const error = new Error(`Cannot find package '${specifier}', which is hidden`)
      throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(specifier, context)
  },
})
