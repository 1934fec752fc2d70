import { bert } from "@kindred/bert";
import { contrastive } from "@kindred/contrastive-loss";
import { type EncoderFamily, initialParameters } from "@kindred/encoder";
import { lossShare } from "@kindred/loss";
import { mpnet } from "@kindred/mpnet";
import { sliceRows } from "@kindred/nn";
import { pool, type PoolOptions } from "@kindred/pooling";
import { childKey, integerAt, type Key, keyFromSeed } from "@kindred/random";
import {
  cpu,
  type Engine,
  type Float,
  inBlocks,
  inRows,
  type Layout,
  packed,
  padded,
  valueAndGradients,
} from "@kindred/tensor";
import { describePlugins, expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import type { Compiled } from "./compiler.ts";
import { xla } from "./xla.ts";

const longest = 12;
const rows = 4;
/** A loss and its gradient by every weight. */
type Result = { readonly [name: string]: Float32Array };
type Step = { readonly key: Key; readonly layOut: (lengths: Int32Array, numbers: Int32Array) => Layout };

/** The same sizes in each step, other lengths, ids, numbers of sentences and dropout. */
function stepOf(family: EncoderFamily, pooling: Omit<PoolOptions, "layout">, { key, layOut }: Step): Result {
  const sizes = { vocabulary: 40, hidden: 12, layers: 2, heads: 3, intermediate: 20, paddingId: 1 };
  const dropouts = { hidden_dropout_prob: 0.2, attention_probs_dropout_prob: 0.3 };
  const encoder = family.open({ ...family.newConfig(sizes), ...dropouts }, { file: "config.json" });
  const draw = (name: string, count: number, [least, most]: readonly [number, number]) =>
    Int32Array.from({ length: count }, (_, i) => least + integerAt(childKey(key, name), i, most - least));
  const lengths = draw("lengths", 2 * rows, [4, longest]);
  const layout = layOut(lengths, draw("numbers", 2 * rows, [0, 1000]));
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const ids = inRows(draw("ids", tokens, [2, 40]), layout, 1);
  const parameters: { [name: string]: Float } = {};
  for (const [name, { values, shape }] of Object.entries(initialParameters(encoder.specs, keyFromSeed(3)))) {
    parameters[name] = tf.mul(tf.tensor(values.slice(), [...shape]), 5); // not near 0, where all is linear
  }
  const loss = () => {
    const states = encoder.forward(parameters, { ids }, { layout, dropout: childKey(key, "dropout") });
    const vectors = pool(states, { layout, ...pooling });
    const columns: Float<"batch hidden">[] = [0, rows].map((start) => sliceRows(vectors, start, rows));
    return lossShare(contrastive({ equalTexts: "keep" }), columns);
  };
  const { value, gradients } = valueAndGradients(loss, parameters);
  const tensors = { value, ...gradients };
  const read = Object.entries(tensors).map(([name, tensor]) => [name, tensor?.dataSync().slice()] as const);
  tf.dispose([tensors, parameters] as unknown as tf.TensorContainer);
  return Object.fromEntries(read) as Result;
}

/** Two dozen roundings of an element as large as the largest: sums of up to 96 rows, through two layers and back. */
function expectClose(actual: Result, expected: Result): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  const all = Object.entries(expected);
  const scale = Math.max(...all.map(([, values]) => Math.max(...values.map(Math.abs))));
  for (const [name, values] of all) {
    const largest = Math.max(...values.map(Math.abs));
    // A key's bias has a true gradient of 0: it is judged by the others.
    const tolerance = 24 * 2 ** -23 * Math.max(largest, 0.01 * scale);
    expect(actual[name]!, name).toBeCloseToArray(values, { tolerance });
  }
}

const forms: { readonly [form in Layout["form"]]: Step["layOut"] } = {
  packed: (lengths, numbers) => packed(lengths, { numbers }),
  padded: (lengths, numbers) => padded(lengths, longest, { numbers }),
  blocks: (lengths, numbers) => inBlocks(lengths, longest, { numbers, count: 2 * rows }),
};
const poolings: readonly Omit<PoolOptions, "layout">[] = [
  { mode: "mean" },
  { mode: ["cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"] },
  { mode: ["max", "mean"], promptLength: 2 },
];
const key = (step: number) => childKey(keyFromSeed(8), step);

describePlugins("a step of a model with dropout on XLA", ({ name, path }) => {
  const isFirst = name === "lammps"; // the other one compiles the form that is used
  const compiled: Compiled[] = [];
  const engine = xla({ plugin: path, cacheFolder: false, onCompile: (event) => compiled.push(event) });
  const on = async (started: Engine, family: EncoderFamily, pooling: (typeof poolings)[number], step: Step) => {
    const { stop } = await started.start();
    try {
      return stepOf(family, pooling, step);
    } finally {
      stop();
    }
  };

  describe.each([mpnet, bert])("$modelTypes", (family) => {
    test.each(Object.entries(forms).filter(([form]) => isFirst || form === "blocks"))(
      "%s: loss and gradients are those of cpu; where rows are as many, the next step is the same program",
      async (form, layOut) => {
        const [mean = { mode: "mean" as const }] = poolings;
        const counts: number[] = [];
        for (const step of [0, 1]) {
          const expected = await on(cpu(), family, mean, { key: key(step), layOut: forms.packed });
          const actual = await on(engine, family, mean, { key: key(step), layOut });
          expectClose(actual, expected);
          counts.push(compiled.length);
          if (step === 1) continue;
          const other = await on(engine, family, mean, { key: key(2), layOut });
          expectMutantToFail(() => expectClose(other, expected));
        }
        // Sentences end to end have as many rows as tokens: another batch is another program.
        if (form !== "packed") expect(counts[1]).toBe(counts[0]);
      },
      240_000,
    );
  });

  test.each(isFirst ? poolings.slice(1) : [])(
    "pooled by %j",
    async (pooling) => {
      const expected = await on(cpu(), bert, pooling, { key: key(0), layOut: forms.packed });
      for (const layOut of [forms.padded, forms.blocks]) {
        expectClose(await on(engine, bert, pooling, { key: key(0), layOut }), expected);
      }
    },
    240_000,
  );
});
