import '#faces/keep-compiled.js'

await import('./run.ts')
