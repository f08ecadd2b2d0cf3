import { keepCompiled } from '#faces/keep-compiled.ts'

keepCompiled()
await import('./run.ts')
