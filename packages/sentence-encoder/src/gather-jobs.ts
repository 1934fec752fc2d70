import { nextTask } from "@kindred/mesh";
import type { TokenBatch } from "./embed-sentences.ts";
import type { Embedder, EmbeddingJob, EmbeddingOrder } from "./local-embedder.ts";

/** A job that waits, or is computed with others. */
type Entry = {
  readonly job: EmbeddingJob;
  readonly priority: number;
  readonly room: number;
  readonly tokens: number;
  readonly texts: number;
  readonly since: number;
  readonly onBatch: EmbeddingOrder["onBatch"];
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
  /** Set when nobody waits for it any more. */
  isGivenUp: boolean;
  /** What its batch does when it is given up. */
  leave: () => void;
};

/**
 * An embedder that computes jobs of several callers together. A core that becomes free takes what waits, the most urgent first and of equal ones
 * the first, up to the tokens that all of them have room for, or its share where several cores are free. A job that comes when a core is free
 * waits for nothing but the others of its turn of the event loop.
 *
 * More urgent batches go beside less urgent ones: the embedder below takes them into the middle of those. Where the engine makes a program for
 * each shape of a batch, jobs bring one that suits it, and are handed on as they are.
 *
 * @see Yu et al., "Orca: a distributed serving system for transformer-based generative models", 2022, for batches that are made anew each time;
 *   `core/src/queue.rs` of text-embeddings-inference, for the budget in tokens
 */
export function gatherJobs(embedder: Embedder): Embedder & { readonly waiting: () => number } {
  const { cores, programs, weights } = embedder;
  const waiting: Entry[] = [];
  /** Priorities of the batches that are computed. */
  const running: number[] = [];
  let isWoken = false;

  function embed(
    job: EmbeddingJob,
    { signal, priority = 0, room = 0, onBatch }: EmbeddingOrder = {},
  ): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => {
        entry.isGivenUp = true;
        const place = waiting.indexOf(entry);
        if (place >= 0) waiting.splice(place, 1);
        entry.leave();
        reject(signal?.reason);
      };
      const settled = () => signal?.removeEventListener("abort", abort);
      const entry: Entry = {
        job,
        priority,
        room,
        ...{ tokens: job.batch.ids.length, texts: job.batch.starts.length - 1, since: performance.now() },
        onBatch,
        resolve: (values) => {
          settled();
          resolve(values);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
        isGivenUp: false,
        leave: () => {},
      };
      signal?.addEventListener("abort", abort);
      waiting.splice(1 + waiting.findLastIndex((other) => other.priority >= priority), 0, entry);
      void wake();
    });
  }

  /** Starts what can start, once all that has come in this turn of the event loop is there. */
  async function wake(): Promise<void> {
    if (isWoken) return;
    isWoken = true;
    await nextTask();
    isWoken = false;
    dispatch();
  }

  function dispatch(): void {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      const { priority } = first;
      const free = programs === undefined ? cores - running.filter((other) => other >= priority).length : 1;
      if (free <= 0) return;
      void run(takeWith(first, free));
    }
  }

  /** Takes what waits and can be computed with the first, up to their room, and up to the share of one of the free cores. */
  function takeWith(first: Entry, free: number): Entry[] {
    const fits = waiting.filter((entry) => entry === first || isAlike(entry, first));
    const share = Math.ceil(fits.reduce((sum, { tokens }) => sum + tokens, 0) / free);
    const taken: Entry[] = [];
    let [tokens, room] = [0, Number.POSITIVE_INFINITY];
    for (const entry of fits) {
      const [more, least] = [tokens + entry.tokens, Math.min(room, entry.room)];
      if (entry !== first && (more > least || tokens >= share)) continue;
      taken.push(entry);
      [tokens, room] = [more, least];
    }
    for (const entry of taken) waiting.splice(waiting.indexOf(entry), 1);
    return taken;
  }

  async function run(entries: readonly Entry[]): Promise<void> {
    const [first] = entries;
    if (first === undefined) return;
    const { job, priority } = first;
    const givenUp = new AbortController();
    for (const entry of entries)
      entry.leave = () => {
        if (entries.every(({ isGivenUp }) => isGivenUp)) givenUp.abort();
      };
    const batch = entries.length === 1 ? job.batch : joined(entries.map(({ job: one }) => one.batch));
    const begun = performance.now();
    running.push(priority);
    const computed = await embedder.embed({ batch, of: job.of }, { priority, signal: givenUp.signal }).then(
      (values) => ({ values }),
      (error: unknown) => ({ error }),
    );
    running.splice(running.indexOf(priority), 1);
    dispatch(); // before vectors are handed over: a core waits for no one
    if ("error" in computed) {
      if (entries.length === 1) first.reject(computed.error);
      else for (const entry of entries) if (!entry.isGivenUp) void run([entry]); // so that one's fault is its own
      return;
    }
    const { values } = computed;
    const texts = entries.reduce((sum, entry) => sum + entry.texts, 0);
    const report = { texts, tokens: batch.ids.length, computeMs: performance.now() - begun };
    const width = values.length / (job.of === "sentences" ? texts : batch.ids.length);
    let at = 0;
    for (const entry of entries) {
      const length = (job.of === "sentences" ? entry.texts : entry.tokens) * width;
      entry.onBatch?.(report, begun - entry.since);
      entry.resolve(entries.length === 1 ? values : values.subarray(at, at + length)); // one alone may have rows of padding
      at += length;
    }
  }

  return {
    cores,
    ...(programs === undefined ? {} : { programs }),
    ...(weights === undefined ? {} : { weights }),
    embed,
    close: () => embedder.close(),
    waiting: () => waiting.reduce((sum, { texts }) => sum + texts, 0),
  };
}

/** Whether two jobs can be one: what is made of them is the same, and neither has a layout of its own. */
function isAlike({ job: a, priority }: Entry, { job: b, priority: other }: Entry): boolean {
  return (
    priority === other &&
    a.of === b.of &&
    (a.batch.promptLength ?? 0) === (b.batch.promptLength ?? 0) &&
    a.batch.layout === undefined &&
    b.batch.layout === undefined
  );
}

/** The sentences of several batches, one after another. */
function joined(batches: readonly TokenBatch[]): TokenBatch {
  const count = (of: (batch: TokenBatch) => number) => batches.reduce((sum, batch) => sum + of(batch), 0);
  const ids = new Int32Array(count((batch) => batch.ids.length));
  const starts = new Int32Array(1 + count((batch) => batch.starts.length - 1));
  const typeIds = batches.some((batch) => batch.typeIds !== undefined) ? new Int32Array(ids.length) : undefined;
  let [token, sentence] = [0, 0];
  for (const batch of batches) {
    ids.set(batch.ids, token);
    if (batch.typeIds !== undefined) typeIds?.set(batch.typeIds, token);
    for (const end of batch.starts.subarray(1)) starts[++sentence] = token + end;
    token += batch.ids.length;
  }
  return { ids, starts, ...(typeIds && { typeIds }), promptLength: batches[0]?.promptLength ?? 0 };
}
