/*
 * Threads take what was compiled before, as those of the programs do. Otherwise each of them strips types with Node's
 * WebAssembly, and V8 ends the process now and then where several threads do so at once: "Check failed:
 * jit_page.has_value()", https://github.com/archestra-ai/archestra/pull/6177.
 */
import '#faces/keep-compiled.js'
