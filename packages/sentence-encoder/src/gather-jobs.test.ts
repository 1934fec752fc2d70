import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ComputedBatch, Embedder, EmbeddingJob, EmbeddingOrder } from "./local-embedder.ts";
import { gatherJobs } from "./gather-jobs.ts";
import type { TokenBatch } from "./embed-sentences.ts";

/** A batch that waits for its vectors. */
type Asked = { readonly job: EmbeddingJob; readonly order: EmbeddingOrder; answer(): void; fail(error: Error): void };

/** Two numbers a sentence: the sum of its ids, and how many they are. */
function vectorsOf({ ids, starts }: TokenBatch): Float32Array {
  const sentences = Array.from(starts.subarray(1), (end, i) => ids.subarray(starts[i], end));
  return Float32Array.from(
    sentences.flatMap((sentence) => [sentence.reduce((sum, id) => sum + id, 0), sentence.length]),
  );
}

/** An embedder that answers when it is told to. */
function slowEmbedder(cores: number): Embedder & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    cores,
    asked,
    embed: (job, order = {}) =>
      new Promise((resolve, reject) => {
        order.signal?.addEventListener("abort", () => reject(order.signal?.reason));
        const leave = () => asked.splice(asked.indexOf(entry), 1);
        const entry: Asked = {
          job,
          order,
          answer: () => {
            leave();
            resolve(job.of === "sentences" ? vectorsOf(job.batch) : Float32Array.from(job.batch.ids));
          },
          fail: (error) => {
            leave();
            reject(error);
          },
        };
        asked.push(entry);
      }),
    close: async () => {},
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));
const batchOf = (...sentences: readonly (readonly number[])[]): TokenBatch => {
  const starts = [0];
  for (const sentence of sentences) starts.push((starts.at(-1) ?? 0) + sentence.length);
  return { ids: Int32Array.from(sentences.flat()), starts: Int32Array.from(starts) };
};
const sentences = (...list: readonly (readonly number[])[]): EmbeddingJob => ({
  batch: batchOf(...list),
  of: "sentences",
});

test("jobs that come while a core works are computed together when it is free, in their order, each with its own vectors", async () => {
  const below = slowEmbedder(1);
  const { embed, waiting } = gatherJobs(below);
  const reports: (readonly [ComputedBatch, number])[] = [];
  const onBatch = (batch: ComputedBatch, waitedMs: number) => void reports.push([batch, waitedMs]);
  const first = embed(sentences([1, 1]), { room: 100, onBatch });
  await turn();
  const others = [[5], [6, 7], [8]].map((sentence) => embed(sentences(sentence, [1]), { room: 100, onBatch }));
  await turn();
  expect([below.asked.length, waiting()]).toEqual([1, 6]);
  below.asked[0]?.answer();
  expect(await first).toEqual(Float32Array.of(2, 2));
  await turn();
  expect(below.asked.map(({ job }) => [...job.batch.ids])).toEqual([[5, 1, 6, 7, 1, 8, 1]]);
  expect([...(below.asked[0]?.job.batch.starts ?? [])]).toEqual([0, 1, 2, 4, 5, 6, 7]);
  below.asked[0]?.answer();
  expect(await Promise.all(others)).toEqual(
    [
      [5, 1, 1, 1],
      [13, 2, 1, 1],
      [8, 1, 1, 1],
    ].map((row) => Float32Array.from(row)),
  );
  expect(waiting()).toBe(0);
  expect(reports.map(([{ texts, tokens }]) => [texts, tokens])).toEqual([[1, 2], ...Array(3).fill([6, 7])]);
  expect(new Set(reports.map(([batch]) => batch)).size).toBe(2); // callers of one batch are told of one object
});

test("jobs of one turn share even when a core is free, and free cores share them", async () => {
  const below = slowEmbedder(2);
  const { embed } = gatherJobs(below);
  const all = [1, 2, 3, 4].map((id) => embed(sentences([id, id]), { room: 100 }));
  await turn();
  expect(below.asked.map(({ job }) => [...job.batch.ids])).toEqual([
    [1, 1, 2, 2],
    [3, 3, 4, 4],
  ]);
  for (const asked of [...below.asked]) asked.answer();
  expect((await Promise.all(all)).map(([sum]) => sum)).toEqual([2, 4, 6, 8]);
});

test("the urgent go first, and beside the others where the cores are busy with those", async () => {
  const below = slowEmbedder(1);
  const { embed } = gatherJobs(below);
  const all = [embed(sentences([1]), { room: 9 })];
  await turn();
  all.push(embed(sentences([2]), { room: 9 }), embed(sentences([3]), { room: 9, priority: 1 }));
  await turn();
  expect(below.asked.map(({ job, order }) => [job.batch.ids[0], order.priority])).toEqual([
    [1, 0],
    [3, 1],
  ]);
  all.push(embed(sentences([4]), { room: 9, priority: 1 }));
  await turn();
  expect(below.asked.length).toBe(2); // as many urgent ones at once as there are cores
  below.asked[1]?.answer();
  await turn();
  expect(below.asked.map(({ job }) => job.batch.ids[0])).toEqual([1, 4]);
  while (below.asked.length > 0) {
    below.asked[0]?.answer();
    await turn();
  }
  expect((await Promise.all(all)).map(([sum]) => sum)).toEqual([1, 2, 3, 4]);
});

test("who leaves is not computed, and a batch is given up with its last caller", async () => {
  const below = slowEmbedder(1);
  const { embed, waiting } = gatherJobs(below);
  const busy = embed(sentences([1]), { room: 9 });
  await turn();
  const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()];
  const [ofA, ofB, ofC] = [a, b, c].map(({ signal }, i) => embed(sentences([i]), { room: 9, signal }));
  a.abort(new Error("a left"));
  await expect(ofA).rejects.toThrow("a left");
  expect(waiting()).toBe(2);
  below.asked[0]?.answer();
  await busy;
  await turn();
  const [batch] = below.asked;
  expect([...(batch?.job.batch.ids ?? [])]).toEqual([1, 2]);
  b.abort(new Error("b left"));
  await expect(ofB).rejects.toThrow("b left");
  expect(batch?.order.signal?.aborted).toBe(false);
  c.abort(new Error("c left"));
  await expect(ofC).rejects.toThrow("c left");
  expect(batch?.order.signal?.aborted).toBe(true);
  await expect(embed(sentences([1]), { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
});

test("one's fault is its own: the others of its batch are computed again without it", async () => {
  const below = slowEmbedder(1);
  const { embed } = gatherJobs(below);
  const [good, bad] = [1, 2].map((id) => embed(sentences([id]), { room: 9 }));
  await turn();
  below.asked[0]?.fail(new Error("id 2"));
  await turn();
  expect(below.asked.map(({ job }) => [...job.batch.ids])).toEqual([[1], [2]]);
  const [first, second] = below.asked;
  first?.answer();
  second?.fail(new Error("id 2"));
  expect(await good).toEqual(Float32Array.of(1, 1));
  await expect(bad).rejects.toThrow("id 2");
});

test("what is not alike is not joined: tokens, prompts that are left out, layouts", async () => {
  const below = slowEmbedder(1);
  const { embed } = gatherJobs(below);
  const jobs: readonly EmbeddingJob[] = [
    sentences([1]),
    { batch: batchOf([2]), of: "tokens" },
    { batch: { ...batchOf([3]), promptLength: 1 }, of: "sentences" },
    sentences([4]),
    { batch: batchOf([5]), of: "tokens" },
  ];
  const all = jobs.map((job) => embed(job, { room: 9 }));
  const seen: number[][] = [];
  for (await turn(); below.asked.length > 0; await turn()) {
    seen.push([...(below.asked[0]?.job.batch.ids ?? [])]);
    below.asked[0]?.answer();
  }
  expect(seen).toEqual([[1, 4], [2, 5], [3]]);
  expect((await Promise.all(all)).map((values) => [...values])).toEqual([[1, 1], [2], [3, 1], [4, 1], [5]]);
});

const jobs = fc.array(
  fc.record({
    lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    priority: fc.constantFrom(0, 0, 1, 2),
    room: fc.integer({ min: 0, max: 20 }),
    turns: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 20 },
);

test("whatever comes when, every job gets its own vectors, no batch is over its callers' room, and no more of a priority run than cores", async () => {
  const law = fc.asyncProperty(jobs, fc.integer({ min: 1, max: 3 }), fc.nat(), async (list, cores, seed) => {
    const below = slowEmbedder(cores);
    const { embed, waiting } = gatherJobs(below);
    let random = seed;
    const check = () => {
      const priorities = below.asked.map(({ order }) => order.priority ?? 0);
      for (const priority of priorities)
        expect(priorities.filter((other) => other === priority).length).toBeLessThanOrEqual(cores);
    };
    const results: Promise<Float32Array>[] = [];
    const wanted: Float32Array[] = [];
    const rooms = new Map<number, number>();
    for (const [i, { lengths, priority, room, turns }] of list.entries()) {
      const job = sentences(...lengths.map((length) => Array<number>(length).fill(i)));
      rooms.set(i, room);
      wanted.push(vectorsOf(job.batch));
      results.push(embed(job, { priority, room }));
      for (let t = 0; t < turns; t++) {
        await turn();
        check();
        random = (random * 1103515245 + 12345) % 2 ** 31;
        below.asked[random % Math.max(1, below.asked.length)]?.answer();
      }
    }
    for (await turn(); below.asked.length > 0; await turn()) {
      check();
      for (const { job } of below.asked) {
        const members = new Set(job.batch.ids);
        const least = Math.min(...[...members].map((i) => rooms.get(i) ?? 0));
        if (members.size > 1) expect(job.batch.ids.length).toBeLessThanOrEqual(least);
      }
      below.asked[0]?.answer();
    }
    expect(await Promise.all(results)).toEqual(wanted);
    expect(waiting()).toBe(0);
    // A caller that is handed its neighbour's vectors would be noticed.
    if (new Set(wanted.map(String)).size > 1) expectMutantToFail(() => expect([...wanted].reverse()).toEqual(wanted));
  });
  await fc.assert(law, { numRuns: 60 });
});
