import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

type Labels = Readonly<Record<string, string | number>>

/** Metrics of one process, in the text format of Prometheus. */
export type Metrics = {
  readonly contentType: string
  /** Gives the function that observes a value, in the unit that the name ends in. */
  histogram<L extends Labels>(options: {
    readonly name: string
    readonly help: string
    readonly labels: readonly (keyof L & string)[]
    readonly buckets: readonly number[]
  }): (labels: L, value: number) => void
  /** Gives the function that adds to the count. */
  counter(options: { readonly name: string; readonly help: string }): (more: number) => void
  /** Gives the function that sets the value; undefined takes the metric out until it is known again. */
  gauge(options: {
    readonly name: string
    readonly help: string
  }): (value: number | undefined) => void
  /** The same for one value of each word of a label. */
  gaugeBy<W extends string>(options: {
    readonly name: string
    readonly help: string
    readonly label: string
  }): (values: Readonly<Record<W, number>> | undefined) => void
  /** All of them, and those of the process: memory, processor time, event loop and garbage collection. */
  render(): Promise<string>
}

/** A process has one event loop to watch, however many `Metrics` it makes. */
let processRegistry: Registry | undefined

function ofProcess(): Registry {
  if (!processRegistry) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  return processRegistry
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    contentType: registry.contentType,
    histogram({ name, help, labels, buckets }) {
      const histogram = new Histogram({
        name,
        help,
        labelNames: [...labels] as string[],
        buckets: [...buckets],
        registers,
      })
      return (values, value) => histogram.observe(values as Record<string, string | number>, value)
    },
    counter({ name, help }) {
      const counter = new Counter({ name, help, registers })
      return (more) => counter.inc(more)
    },
    gauge({ name, help }) {
      const gauge = new Gauge({ name, help, registers })
      gauge.remove()
      return (value) => {
        if (value === undefined) gauge.remove()
        else gauge.set(value)
      }
    },
    gaugeBy({ name, help, label }) {
      const gauge = new Gauge({ name, help, labelNames: [label], registers })
      return (values) => {
        gauge.reset()
        for (const [word, value] of Object.entries<number>(values ?? {}))
          gauge.set({ [label]: word }, value)
      }
    },
    async render() {
      const parts = await Promise.all([registry.metrics(), ofProcess().metrics()])
      return parts.join('\n')
    },
  }
}
