import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

type Labels = Readonly<Record<string, string | number>>

type Labelled<L extends Labels> = {
  readonly name: string
  readonly help: string
  readonly labels: readonly (keyof L & string)[]
}

/** Metrics of one process, in the text format of Prometheus. */
export type Metrics = {
  readonly contentType: string
  /** Gives the function that observes a value, in the unit that the name ends in. */
  histogram<L extends Labels>(
    options: Labelled<L> & { readonly buckets: readonly number[] },
  ): (labels: L, value: number) => void
  /** Gives the function that adds to the count. */
  counter<L extends Labels>(options: Labelled<L>): (labels: L, more: number) => void
  /** Gives the function that sets the value; undefined takes the metric out until it is known again. */
  gauge<L extends Labels>(options: Labelled<L>): (labels: L, value: number | undefined) => void
  /** The same for one value of each word of a further label. */
  gaugeBy<L extends Labels, W extends string>(
    options: Labelled<L> & { readonly by: string; readonly words: readonly W[] },
  ): (labels: L, values: Readonly<Record<W, number>> | undefined) => void
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
    counter({ name, help, labels: labelNames }) {
      const counter = new Counter({ name, help, labelNames, registers })
      return (labels, more) => counter.inc(labels, more)
    },
    gauge({ name, help, labels: labelNames }) {
      const gauge = new Gauge({ name, help, labelNames, registers })
      return (labels, value) => {
        if (value === undefined) gauge.remove(labels)
        else gauge.set(labels, value)
      }
    },
    gaugeBy({ name, help, labels: labelNames, by, words }) {
      const gauge = new Gauge({ name, help, labelNames: [...labelNames, by], registers })
      return (labels, values) => {
        for (const word of words) {
          if (values) gauge.set({ ...labels, [by]: word }, values[word])
          else gauge.remove({ ...labels, [by]: word })
        }
      }
    },
    async render() {
      const parts = await Promise.all([registry.metrics(), ofProcess().metrics()])
      return parts.join('\n')
    },
  }
}
