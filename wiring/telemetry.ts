/*
 * What a service tells its operator: lines of JSON, and metrics in the text format of Prometheus.
 */
export { createLogger, type Logger } from '#adapters/log/logger.ts'
export { createMetrics, type Metrics } from '#adapters/metrics/metrics.ts'
