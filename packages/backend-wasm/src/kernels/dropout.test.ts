import { dropout, dropoutOp } from "@kindred/nn";
import { packed, type RunningEngine } from "@kindred/tensor";
import { arbitraryKey, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wasm } from "../wasm.ts";

let running: RunningEngine;
beforeAll(async () => {
  running = await wasm().start();
});
afterAll(() => running.stop());

const cases = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
  hidden: fc.integer({ min: 1, max: 40 }),
  rate: fc.constantFrom(0, 0.1, 0.5, 0.99),
  key: arbitraryKey(),
  seed: fc.nat(999),
});

test("drops bit for bit what JavaScript drops", async () => {
  fc.assert(
    fc.property(cases, ({ lengths, hidden, seed, rate, key }) => {
      const layout = packed(lengths, { numbers: lengths.map((_, i) => 2 ** 31 - 1 - i * seed) });
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
