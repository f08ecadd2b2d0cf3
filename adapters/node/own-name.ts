import { hostname } from 'node:os'

/** This process, for people: `HOST:PID`. */
export const ownName = (): string => `${hostname()}:${process.pid}`
