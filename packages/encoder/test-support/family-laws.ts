import { childKey, keyFromSeed } from "@kindred/random";
import { cpu, type Float, inBlocks, inRows, packed, padded, sentencesOf, tfjs } from "@kindred/tensor";
import { arbitraryLengths, floatsFromSeed, throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EncoderFamily, ForwardOptions, JsonObject } from "../src/encoder-family.ts";
import { initialParameters } from "../src/parameter-spec.ts";

/**
 * Laws that hold for every family, for a model of two layers whose config.json is `config`: at most 20 features, 40 or more
 * entries in the vocabulary, room for 16 tokens and no more, and dropout of both kinds.
 */
export function familyLaws(family: EncoderFamily, config: JsonObject): void {
  const file = "config.json";
  const encoder = family.open(config, { file });
  const { hidden, longest, vocabulary } = encoder.sizes;
  // Outputs are layer norms, of size up to about 3, after two layers; packings differ by the order of float32 sums.
  const tolerance = 64 * 2 ** -23 * 3;
  const sentences = arbitraryLengths({ maxLength: longest }).chain((lengths) =>
    fc.tuple(...lengths.map((length) => fc.array(fc.nat(vocabulary - 1), { minLength: length, maxLength: length }))),
  );
  let parameters: { [name: string]: Float };

  function startsOf(texts: readonly (readonly number[])[]): number[] {
    let rows = 0;
    return [0, ...texts.map(({ length }) => (rows += length))];
  }

  type RunOptions = Partial<Omit<ForwardOptions, "layout">> & {
    readonly rows?: readonly number[];
    readonly typeIds?: Int32Array;
    readonly encoder?: typeof encoder;
  };

  /** The hidden states of each text, run packed in one batch. */
  function run(texts: readonly (readonly number[])[], options: RunOptions = {}): Float32Array[] {
    const { rows, typeIds, encoder: model = encoder, ...rest } = options;
    const starts = startsOf(texts);
    const layout = packed(
      texts.map(({ length }) => length),
      { numbers: rows },
    );
    const tokens = { ids: Int32Array.from(texts.flat()), ...(typeIds && { typeIds }) };
    const y = model.forward(parameters, tokens, { layout, ...rest });
    const all = Float32Array.from(y.dataSync());
    y.dispose();
    return texts.map(({ length }, i) => all.slice((starts[i] ?? 0) * hidden, ((starts[i] ?? 0) + length) * hidden));
  }

  function expectEqual(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
    expect(actual.length).toBe(expected.length);
    for (const [i, want] of expected.entries()) {
      const shape = [want.length / hidden, hidden];
      expect(actual[i]).toBeCloseToArray(want, { tolerance, shape, axes: "tokens hidden" });
    }
  }

  describe.each([cpu(), tfjs()])(`${family.modelTypes[0]} on $name`, (engine) => {
    beforeAll(async () => {
      await engine.start();
      const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed(1)));
      parameters = Object.fromEntries(
        weights.map(([name, { shape, values }], i) => {
          // Shifts and padding rows that are not 0, so that a leak of padding or a lost shift shows.
          const noise = floatsFromSeed(i, values.length).map((x, j) => (values[j] === 0 ? 0.3 * x : (values[j] ?? 0)));
          return [name, tf.keep(tf.tensor(noise, [...shape]))];
        }),
      );
    });
    beforeEach(throwOnLeaks);

    test("packed equals padded equals blocks equals one by one", () => {
      fc.assert(
        fc.property(sentences, fc.nat(2), fc.nat(vocabulary - 1), (texts, extra, filling) => {
          const together = run(texts);
          expectEqual(
            texts.flatMap((text) => (text.length === 0 ? [new Float32Array()] : run([text]))),
            together,
          );
          const lengths = texts.map(({ length }) => length);
          const most = Math.max(...lengths) + extra;
          for (const layout of [padded(lengths, most), inBlocks(lengths, most)]) {
            const ids = inRows(Int32Array.from(texts.flat()), layout, filling);
            const y = encoder.forward(parameters, { ids }, { layout });
            const states = Float32Array.from(y.dataSync());
            y.dispose();
            expectEqual(
              sentencesOf(layout.data).map(({ start, length }) =>
                states.slice(start * hidden, (start + length) * hidden),
              ),
              together,
            );
          }
        }),
        { numRuns: 10 },
      );
    });

    test("permuting sentences permutes the output", () => {
      fc.assert(
        fc.property(sentences, fc.nat(5), (texts, turn) => {
          const rotate = <T>(list: readonly T[]) => list.map((_, i) => list[(i + turn) % list.length] as T);
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
          for (const [i, states] of run(texts, { dropout }).entries()) {
            const text = texts[i] ?? [];
            if (text.length > 0) expectEqual(run([text], { dropout, rows: [i] }), [states]);
          }
        }),
        { numRuns: 10 },
      );
    });

    test("rates given when it is opened take the place of the configuration's, each of its own kind", () => {
      const texts = [[0, 5, 6, 9, 9, 9, 8, 2]];
      const dropout = childKey(keyFromSeed(3), "laws");
      const opened = (rates: { readonly hidden?: number; readonly attention?: number }) => {
        const model = family.open(config, { file, dropout: rates });
        return run(texts, { encoder: family.open(model.configJson(), { file }), dropout });
      };
      expect(opened({})).toEqual(run(texts, { dropout }));
      expect(opened({ hidden: 0, attention: 0 })).toEqual(run(texts));
      for (const rates of [{ hidden: 0 }, { attention: 0 }]) {
        expect(opened(rates)).not.toEqual(run(texts));
        expect(opened(rates)).not.toEqual(run(texts, { dropout }));
      }
    });

    test("leaves no tensor behind but its result", () => {
      const before = tf.memory().numTensors;
      const options = { layout: packed([3]), dropout: keyFromSeed(1) };
      const y = encoder.forward(parameters, { ids: Int32Array.of(0, 5, 2) }, options);
      expect(tf.memory().numTensors).toBe(before + 1);
      y.dispose();
    });

    test("refuses a text that is too long, an id outside the vocabulary, another batch's layout, parameters of another model", () => {
      const name = family.modelTypes[0] ?? "";
      const ids = new Int32Array(longest + 1).fill(3);
      expect(run([[...ids.subarray(1)]])[0]?.length).toBe(longest * hidden);
      expect(() => run([[...ids]])).toThrow(
        `${name}: a text is too long. Got ${longest + 1} tokens, expected at most ${longest}`,
      );
      expect(() => run([[vocabulary]])).toThrow(`Got id ${vocabulary} at 0`);
      const layout = packed([3]);
      expect(() => encoder.forward(parameters, { ids }, { layout })).toThrow(`${name}: ids and layout don't fit`);
      expect(() => encoder.forward({}, { ids }, { layout })).toThrow(
        `${name}: parameter ${encoder.specs[0]?.name} is missing. Got 0 others.`,
      );
    });
  });

  test("specs have names of their own and shapes, and checkpoints may hold them under those names", () => {
    expect(new Set(encoder.specs.map(({ name }) => name)).size).toBe(encoder.specs.length);
    for (const { name } of encoder.specs) expect(encoder.parameterOf(name)).toBe(name);
    for (const { name } of encoder.unused) expect(encoder.parameterOf(name)).toBeUndefined();
    for (const name of ["embeddings.position_ids", "lm_head.bias", "cls.predictions.bias", "toString", ""])
      expect(encoder.parameterOf(name)).toBeUndefined();
  });

  test("configJson opens the same encoder again, after JSON and threads too", () => {
    const again = family.open(JSON.parse(JSON.stringify(encoder.configJson())) as JsonObject, { file });
    expect(again.configJson()).toEqual(encoder.configJson());
    expect([again.specs, again.sizes, again.description]).toEqual([encoder.specs, encoder.sizes, encoder.description]);
    expect(structuredClone(encoder.configJson())).toEqual(encoder.configJson());
  });

  test("a new model has the sizes that are asked for", () => {
    const sizes = { vocabulary: 50, hidden: 12, layers: 1, heads: 3, intermediate: 7, paddingId: 1 };
    const { sizes: made, specs } = family.open(family.newConfig(sizes), { file });
    expect([made.vocabulary, made.hidden, made.longest]).toEqual([50, 12, 512]);
    expect(specs.some(({ shape }) => shape.includes(7))).toBe(true);
  });
}
