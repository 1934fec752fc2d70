import { keyFromSeed } from "@kindred/random";
import { cpu, type Float, packed, padded, tfjs } from "@kindred/tensor";
import { arbitraryLengths, floatsFromSeed, throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { initialParameters } from "./initial-parameters.ts";
import { mpnet, type MpnetOptions } from "./mpnet.ts";
import { mpnetConfig } from "./mpnet-config.ts";

const hidden = 12;
const config = mpnetConfig({
  model_type: "mpnet",
  vocab_size: 40,
  hidden_size: hidden,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  max_position_embeddings: 18,
  layer_norm_eps: 1e-5,
  initializer_range: 0.3, // so that attention is far from uniform
  hidden_dropout_prob: 0.3,
  attention_probs_dropout_prob: 0.4,
});

// Outputs are layer norms, of size up to about 3, after two layers; packings differ by the order of float32 sums.
const tolerance = 64 * 2 ** -23 * 3;

const sentences = arbitraryLengths({ maxLength: 16 }).chain((lengths) =>
  fc.tuple(
    ...lengths.map((length) => fc.array(fc.integer({ min: 2, max: 39 }), { minLength: length, maxLength: length })),
  ),
);

function startsOf(texts: readonly (readonly number[])[]): number[] {
  const starts = [0];
  for (const { length } of texts) starts.push(starts.at(-1)! + length);
  return starts;
}

let parameters: { [name: string]: Float };

describe.each([cpu(), tfjs()])("mpnet on $name", (engine) => {
  beforeAll(async () => {
    await engine.start();
    const weights = Object.entries(initialParameters(config, keyFromSeed(1)));
    parameters = Object.fromEntries(
      weights.map(([name, { shape, values }], i) => {
        // Biases and padding rows that are not 0, so that a leak of padding or a lost bias shows.
        const noise = floatsFromSeed(i, values.length).map((x, j) => (values[j] === 0 ? 0.3 * x : values[j]!));
        return [name, tf.keep(tf.tensor(noise, [...shape]))];
      }),
    );
  });
  beforeEach(throwOnLeaks);

  /** The hidden states of each text, run packed in one batch. */
  function run(
    texts: readonly (readonly number[])[],
    options: Partial<MpnetOptions> & { numbers?: number[] } = {},
  ): Float32Array[] {
    const starts = startsOf(texts);
    const layout = packed(
      texts.map(({ length }) => length),
      { numbers: options.numbers },
    );
    const y = mpnet(parameters, Int32Array.from(texts.flat()), { config, layout, ...options });
    const all = y.dataSync() as Float32Array;
    y.dispose();
    return texts.map((_, i) => all.slice(starts[i]! * hidden, starts[i + 1]! * hidden));
  }

  function expectEqual(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
    expect(actual.length).toBe(expected.length);
    for (const [i, want] of expected.entries()) {
      expect(actual[i]!).toBeCloseToArray(want, {
        tolerance,
        shape: [want.length / hidden, hidden],
        axes: "tokens hidden",
      });
    }
  }

  test("packed equals padded equals one by one", () => {
    fc.assert(
      fc.property(sentences, fc.nat(2), (texts, extra) => {
        const expected = run(texts);
        expectEqual(
          texts.flatMap((text) => (text.length === 0 ? [new Float32Array()] : run([text]))),
          expected,
        );
        const lengths = texts.map(({ length }) => length);
        const seq = Math.max(...lengths) + extra;
        const ids = new Int32Array(texts.length * seq).fill(config.padTokenId);
        for (const [i, text] of texts.entries()) ids.set(text, i * seq);
        const y = mpnet(parameters, ids, { config, layout: padded(lengths, seq) }).dataSync() as Float32Array;
        expectEqual(
          texts.map(({ length }, i) => y.slice(i * seq * hidden, (i * seq + length) * hidden)),
          expected,
        );
      }),
      { numRuns: 10 },
    );
  });

  test("permuting sentences permutes the output", () => {
    fc.assert(
      fc.property(sentences, fc.nat(5), (texts, turn) => {
        const rotate = <T>(list: readonly T[]) => list.map((_, i) => list[(i + turn) % list.length]!);
        expectEqual(run(rotate(texts)), rotate(run(texts)));
      }),
      { numRuns: 10 },
    );
  });

  test("without a key it is deterministic, whatever the configuration's dropout; with one, too, and different", () => {
    const texts = [
      [0, 5, 6, 2],
      [0, 7, 2],
    ];
    expect(run(texts)).toEqual(run(texts));
    const dropout = keyFromSeed(1);
    expect(run(texts, { dropout })).toEqual(run(texts, { dropout }));
    expect(run(texts, { dropout })).not.toEqual(run(texts));
    expect(run(texts, { dropout: keyFromSeed(2) })).not.toEqual(run(texts, { dropout }));
  });

  test("dropout is the same in any chunk, if the layout numbers the sentences of the batch", () => {
    fc.assert(
      fc.property(sentences, fc.nat(99), (texts, seed) => {
        const dropout = keyFromSeed(seed);
        const all = run(texts, { dropout });
        for (const [i, text] of texts.entries()) {
          if (text.length > 0) expectEqual(run([text], { dropout, numbers: [i] }), [all[i]!]);
        }
      }),
      { numRuns: 10 },
    );
  });

  test("every dropout site has its own mask: with rates of 0 but for one kind, the result still changes", () => {
    const texts = [[0, 5, 6, 9, 9, 9, 8, 2]];
    const dropout = keyFromSeed(3);
    const hiddenOnly = { config: { ...config, attentionProbsDropoutProb: 0 }, dropout };
    const weightsOnly = { config: { ...config, hiddenDropoutProb: 0 }, dropout };
    const none = { config: { ...config, hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 }, dropout };
    expect(run(texts, none)).toEqual(run(texts));
    for (const options of [hiddenOnly, weightsOnly]) expect(run(texts, options)).not.toEqual(run(texts));
  });

  test("leaves no tensor behind but its result", () => {
    const before = tf.memory().numTensors;
    const y = mpnet(parameters, Int32Array.of(0, 5, 2), {
      config,
      layout: packed([3]),
      dropout: keyFromSeed(1),
    });
    expect(tf.memory().numTensors).toBe(before + 1);
    y.dispose();
  });

  test("refuses a text longer than the positions, an id outside the vocabulary, and another batch's layout", () => {
    const ids = new Int32Array(17).fill(3);
    expect(run([[...ids.subarray(1)]])[0]!.length).toBe(16 * hidden);
    expect(() => run([[...ids]])).toThrow("mpnet: a text is too long. Got 17 tokens, expected at most 16");
    expect(() => run([[40]])).toThrow("Got id 40 at 0");
    expect(() => mpnet(parameters, ids, { config, layout: packed([3]) })).toThrow("mpnet: ids and layout don't fit");
  });
});
