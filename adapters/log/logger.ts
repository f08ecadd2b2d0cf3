import { type DestinationStream, pino } from 'pino'

/** What a line tells besides its message. `err` is an error, printed with its stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>

/** Lines of JSON. */
export type Logger = {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LoggerOptions = {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Texts that no line may hold, wherever they come from: keys, passwords, URLs with either in them. */
  readonly secrets?: readonly string[]
  /** Standard output unless given. */
  readonly destination?: DestinationStream
}

/** Shorter ones are likely to be part of innocent words. */
const SECRET_LENGTH_MIN = 6
const REDACTED = '[redacted]'

export function createLogger({ level = 'info', secrets = [], destination }: LoggerOptions): Logger {
  // As they stand in JSON, longest first: one may hold another.
  const hidden = secrets
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .toSorted((a, b) => b.length - a.length)
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: {
      streamWrite: (line: string) =>
        hidden.reduce((text, secret) => text.replaceAll(secret, REDACTED), line),
    },
  }
  return destination ? pino(options, destination) : pino(options)
}
