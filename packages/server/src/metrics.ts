/** Labels of one series of a metric. */
type Labels = { readonly [name: string]: string };

/** Counts what happens. */
type Counter = { add(labels?: Labels, by?: number): void };

/** Counts what is seen by its size. */
type Histogram = { see(value: number): void };

/** Metrics and their text, as Prometheus reads it. */
export type Metrics = {
  counter(name: string, help: string): Counter;
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  /** A number that is asked for when the text is made. */
  gauge(name: string, help: string, read: () => number): void;
  text(): string;
};

/**
 * Metrics that stand at zero.
 *
 * @see Prometheus documentation, "Exposition formats", text format version 0.0.4
 */
export function openMetrics(): Metrics {
  const parts: (() => string)[] = [];
  const head = (name: string, help: string, type: string) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  return {
    counter(name, help) {
      const series = new Map<string, number>();
      parts.push(
        () =>
          head(name, help, "counter") + Array.from(series, ([labels, count]) => `${name}${labels} ${count}\n`).join(""),
      );
      return {
        add(labels = {}, by = 1) {
          const key = labelText(labels);
          series.set(key, (series.get(key) ?? 0) + by);
        },
      };
    },
    histogram(name, help, buckets) {
      const counts = new Array<number>(buckets.length + 1).fill(0);
      let sum = 0;
      parts.push(() => {
        let below = 0;
        const lines = counts.map((count, i) => {
          below += count;
          return `${name}_bucket${labelText({ le: i < buckets.length ? `${buckets[i]}` : "+Inf" })} ${below}\n`;
        });
        return `${head(name, help, "histogram")}${lines.join("")}${name}_sum ${sum}\n${name}_count ${below}\n`;
      });
      return {
        see(value) {
          const place = buckets.findIndex((bound) => value <= bound);
          const bucket = place < 0 ? buckets.length : place;
          counts[bucket] = (counts[bucket] ?? 0) + 1;
          sum += value;
        },
      };
    },
    gauge(name, help, read) {
      parts.push(() => `${head(name, help, "gauge")}${name} ${read()}\n`);
    },
    text: () => parts.map((part) => part()).join(""),
  };
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
