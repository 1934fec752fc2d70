import { OutOfMemoryError } from "@kindred/errors";
import { add, scale, sum } from "@kindred/nn";
import { activeEngine, asWasmBackend, type Float, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { hidden, type Chunk, parameters, column, embed, loss, numbers, cached } from "../test-support/small-batch.ts";

test("eight times the rows add their embeddings to the peak of memory, not their activations", async () => {
  // A loss without a score matrix, which would grow with the square of the batch.
  const pairwise = ([a, b]: Float[]) => sum(add(a!, scale(b!, 2)));
  const peakOf = async (run: () => unknown) => {
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => void run());
    return peakBytes - before;
  };
  const grown = async (run: (chunks: number) => unknown) =>
    (await peakOf(() => run(16))) - (await peakOf(() => run(2)));
  const ofThree = (chunks: number) => Array.from({ length: chunks }, () => 3);
  const cachedGrowth = await grown((chunks) => cached([ofThree(chunks), ofThree(chunks)], { loss: pairwise }));
  const plainGrowth = await grown((chunks) => {
    const [a, b] = [0, 1].map((name) => column(name, [3 * chunks])[0]!);
    return numbers(valueAndGradients(() => pairwise([embed(a!, 0), embed(b!, 1)]), parameters));
  });
  const embeddingsBytes = 2 * (3 * 14) * hidden * 4;
  // At the end of step 2: the embeddings, their gradients, and in the loss scale's result, the sum's and their gradients.
  expect(cachedGrowth).toBeLessThanOrEqual(5 * embeddingsBytes);
  // A sentence has two tokens on average, and a token at least three recorded tensors of `inner`, four times `hidden`.
  expect(plainGrowth).toBeGreaterThanOrEqual(2 * 3 * 4 * embeddingsBytes);
});

test("nothing stays behind when embed, loss or onGradient throws, whenever they do", () => {
  const before = activeEngine().memory();
  const sizes = [[2, 1], [3]];
  const failAt = (call: number) => {
    let calls = 0;
    return () => {
      if (++calls === call) throw new Error("as planned");
    };
  };
  for (let call = 1; call <= 6; call++) {
    const fail = failAt(call);
    const failing = (chunk: Chunk, c: number) => {
      const embedded = embed(chunk, c);
      fail();
      return embedded;
    };
    expect(() => cached(sizes, { embed: failing })).toThrow("as planned");
  }
  const lossThatFails = (embeddings: Float[]) => {
    loss(embeddings);
    throw new Error("as planned");
  };
  expect(() => cached(sizes, { loss: lossThatFails })).toThrow("as planned");
  for (let call = 1; call <= 9; call++) {
    expect(() => cached(sizes, { onGradient: failAt(call) })).toThrow("as planned");
  }
  expect(activeEngine().memory()).toEqual(before);
});

test("no tensor stays behind, whichever allocation finds the heap full", () => {
  const sizes = [[2, 1], [3]];
  const module = asWasmBackend(tf.backend())!.wasm; // tfjs runs on it here
  const { _malloc } = module;
  const before = activeEngine().memory().tensors;
  let calls = 0;
  const fullAt = (call: number) => {
    calls = 0;
    module._malloc = (bytes) => {
      if (++calls === call) throw new OutOfMemoryError("full", { requestedBytes: bytes, usedBytes: 0, limitBytes: 0 });
      return _malloc(bytes);
    };
  };
  try {
    fullAt(0);
    cached(sizes);
    const allocations = calls;
    expect(allocations).toBeGreaterThan(100);
    for (let call = 1; call <= allocations; call++) {
      fullAt(call);
      expect(() => cached(sizes)).toThrow(OutOfMemoryError);
      expect({ call, tensors: activeEngine().memory().tensors }).toEqual({ call, tensors: before });
    }
  } finally {
    module._malloc = _malloc;
  }
});
