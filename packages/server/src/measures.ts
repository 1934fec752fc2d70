import type { ComputedBatch } from "@kindred/sentence-encoder";
import { openMetrics } from "./metrics.ts";
import type { RequestErrorKind } from "./request-error.ts";
import type { Work } from "./served-model.ts";

/** What is counted, and its text for Prometheus. */
export type Measures = {
  request(texts: number): void;
  success(work: Work, totalMs: number): void;
  /** A batch, of which each of its callers tells. */
  batch(batch: ComputedBatch): void;
  failure(kind: RequestErrorKind | "dropped"): void;
  text(): string;
};

/** Every 1.5 times from 15 µs to 14 s, in seconds. */
const durations = Array.from({ length: 35 }, (_, i) => Number((1e-5 * 1.5 ** (i + 1)).toPrecision(6)));
const powers = (count: number) => Array.from({ length: count }, (_, i) => 2 ** i);

/**
 * Counts under the names that text-embeddings-inference uses, so that its dashboards work.
 *
 * @param read what waits and what is worked on now, and who else wants to hear of batches
 * @see text-embeddings-inference, `router/src/prometheus.rs` and `core/src/infer.rs`
 */
export function openMeasures(read: {
  readonly waiting: () => number;
  readonly inWork: () => number;
  readonly onBatch: () => void;
}): Measures {
  const metrics = openMetrics();
  const requests = metrics.counter("te_request_count", "Requests, by whether they have one text or a list.");
  const successes = metrics.counter("te_request_success", "Requests that were answered with vectors.");
  const failures = metrics.counter("te_request_failure", "Requests that were not, by why.");
  const texts = metrics.counter("te_embed_count", "Texts that were embedded.");
  const seconds = (name: string, help: string) =>
    metrics.histogram(`te_${name}_duration`, `${help}, in seconds.`, durations);
  const total = seconds("request", "From a request's first byte to its vectors");
  const tokenization = seconds("request_tokenization", "Reading a request and making tokens of its texts");
  const queue = seconds("request_queue", "Waiting for a core");
  const inference = seconds("request_inference", "The model's work on a request's batches");
  const lengths = metrics.histogram("te_request_input_length", "Tokens of a request.", powers(20));
  const sizes = metrics.histogram("te_batch_next_size", "Texts of a batch.", powers(13));
  const tokens = metrics.histogram("te_batch_next_tokens", "Tokens of a batch.", powers(21));
  const batchSeconds = seconds("batch_inference", "The model's work on a batch");
  metrics.gauge("te_queue_size", "Texts that wait for a core.", read.waiting);
  metrics.gauge("te_request_in_work", "Requests that are worked on or wait.", read.inWork);
  const seen = new WeakSet<ComputedBatch>();
  return {
    request: (count) => requests.add({ method: count === 1 ? "single" : "batch" }),
    success(work, totalMs) {
      successes.add({ method: work.texts === 1 ? "single" : "batch" });
      texts.add({}, work.texts);
      total.see(totalMs / 1000);
      tokenization.see(work.tokenizationMs / 1000);
      queue.see(work.queueMs / 1000);
      inference.see(work.inferenceMs / 1000);
      lengths.see(work.tokens);
    },
    batch(batch) {
      if (seen.has(batch)) return;
      seen.add(batch);
      read.onBatch();
      sizes.see(batch.texts);
      tokens.see(batch.tokens);
      batchSeconds.see(batch.computeMs / 1000);
    },
    failure: (kind) => failures.add({ err: kind }),
    text: metrics.text,
  };
}
