import { dropout, dropoutOp } from "@kindred/nn";
import { packedLayout, paddedLayout, startBackend } from "@kindred/tensor";
import { arbitraryKey, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWasmKernels, type WasmKernels } from "../start-wasm-kernels.ts";

let kernels: WasmKernels;
beforeAll(async () => {
  kernels = await startWasmKernels();
});
afterAll(() => kernels.stop());

const cases = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
  hidden: fc.integer({ min: 1, max: 40 }),
  rate: fc.constantFrom(0, 0.1, 0.5, 0.99),
  key: arbitraryKey(),
  seed: fc.nat(999),
});

/** The starts of sentences of these lengths. */
function startsOf(lengths: readonly number[]): number[] {
  const starts = [0];
  for (const length of lengths) starts.push(starts.at(-1)! + length);
  return starts;
}

test("drops bit for bit what JavaScript drops", async () => {
  await startBackend("wasm");
  fc.assert(
    fc.property(cases, ({ lengths, hidden, seed, rate, key }) => {
      const layout = packedLayout(startsOf(lengths), { numbers: lengths.map((_, i) => 2 ** 31 - 1 - i * seed) });
      const tokens = layout.fixed.rows;
      const x = tf.tensor2d(floatsFromSeed(seed, tokens * hidden), [tokens, hidden]);
      const ours = dropout(x, { rate, key, layout });
      const theirs = tf.tidy(() =>
        dropoutOp.op.composite({ x }, { ...layout.data, key: Uint32Array.from(key) }, { ...layout.fixed, rate }),
      );
      expect(new Uint32Array(ours.dataSync().slice().buffer)).toEqual(
        new Uint32Array(theirs.dataSync().slice().buffer),
      );
      tf.dispose([x, ours, theirs]);
    }),
  );
});

test("drops the same whole, sentence by sentence, and padded", async () => {
  await startBackend("wasm");
  fc.assert(
    fc.property(cases, ({ lengths, hidden, ...options }) => {
      const starts = startsOf(lengths);
      const ones = (rows: number) => tf.ones<tf.Rank.R2>([rows, hidden]);
      const kept = (layout: Parameters<typeof dropout>[1]["layout"], rows: number) =>
        tf.tidy(() => [...dropout(ones(rows), { ...options, layout }).dataSync()]);
      const whole = kept(packedLayout(starts), starts.at(-1)!);
      const one = (length: number, i: number) => kept(packedLayout([0, length], { numbers: [i] }), length);
      expect(lengths.flatMap(one)).toEqual(whole);
      const padded = kept(paddedLayout(lengths, 9), 9 * lengths.length);
      const real = lengths.flatMap((length, i) => padded.slice(9 * i * hidden, (9 * i + length) * hidden));
      expect(real).toEqual(whole);
    }),
  );
});
