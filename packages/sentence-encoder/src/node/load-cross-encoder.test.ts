import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@kindred/tensor";
import { ConfigError, FormatError } from "@kindred/errors";
import { wasm } from "@kindred/backend-wasm";
import { expectMutantToFail, readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import type { TextPair } from "../cross-encoder.ts";
import { loadCrossEncoder } from "./load-cross-encoder.ts";

// What sentence-transformers' CrossEncoder gives for small random models.
const root = ["golden", "cross-encoders"] as const;
const cases = sharedExists(...root) ? readdirSync(sharedPath(...root)) : [];

/** Of each pair one, or one for each label. */
type Numbers = readonly (number | readonly number[])[];

type Expected = {
  readonly labels: number;
  readonly activation: string;
  readonly max_seq_length: number;
  /** How far Python's own float32 strays from its float64. */
  readonly gaps: { readonly logits: number; readonly scores: number };
  readonly pairs: readonly {
    readonly first: string;
    readonly second: string;
    readonly ids: readonly number[];
    readonly typeIds: readonly number[] | null;
    readonly truncated: boolean;
  }[];
  readonly query: string;
  readonly ranking: readonly (readonly [index: number, score: number])[];
  readonly "logits.float64": Numbers;
  readonly "scores.float64": Numbers;
  readonly "softmax.float64"?: Numbers;
  readonly "noPrompt.float64"?: Numbers;
};

const flat = (values: Numbers = []) => values.flat();
const opened = (name: string) => ({
  folder: sharedPath(...root, name, "model"),
  ...readJson<Expected>(sharedPath(...root, name, "expected.json")),
});

describe.skipIf(cases.length === 0).each([wasm(), cpu()])("on $name", (engine) => {
  test.each(cases)("%s: tokens, logits and scores of pairs are Python's", async (name) => {
    const expected = opened(name);
    const { folder, pairs, gaps, labels, activation, max_seq_length: limit } = expected;
    await using crossEncoder = await loadCrossEncoder(folder, { cores: 0, engine });
    expect(crossEncoder.settings).toMatchObject({ labels, activation: activation.toLowerCase(), maxSeqLength: limit });
    const given = pairs.map(({ first, second }): TextPair => [first, second]);
    const tokens = crossEncoder.tokenize(given);
    for (const [i, { ids, typeIds }] of pairs.entries()) {
      const [from, to] = [tokens.starts[i], tokens.starts[i + 1]];
      expect([...tokens.ids.subarray(from, to)]).toEqual(ids);
      expect(tokens.typeIds && [...tokens.typeIds.subarray(from, to)]).toEqual(typeIds ?? undefined);
    }
    expect(tokens.truncated).toEqual(pairs.flatMap(({ truncated }, i) => (truncated ? [i] : [])));

    const logits = await crossEncoder.predict(given, { activation: "identity", maxBatchTokens: 200 });
    const shape = [pairs.length, labels];
    const tolerance = 8 * gaps.logits;
    expect(logits.scores).toBeCloseToArray(flat(expected["logits.float64"]), { tolerance, shape });
    expect([logits.labels, logits.truncated]).toEqual([labels, tokens.truncated]);
    const { scores } = await crossEncoder.predict(given);
    expect(scores).toBeCloseToArray(flat(expected["scores.float64"]), { tolerance: 8 * gaps.scores, shape });
    const alone = await crossEncoder.predict(given.slice(5, 6));
    expect(alone.scores).toBeCloseToArray(scores.subarray(5 * labels, 6 * labels), { tolerance });
    if (labels > 1) {
      const shares = await crossEncoder.predict(given, { applySoftmax: true });
      expect(shares.scores).toBeCloseToArray(flat(expected["softmax.float64"]), { tolerance });
      const bare = await crossEncoder.predict(given, { prompt: "" });
      expect(bare.scores).toBeCloseToArray(flat(expected["noPrompt.float64"]), { tolerance });
    }
    if (tokens.typeIds !== undefined && name.startsWith("bert")) {
      const { typeIds: _, ...untyped } = tokens;
      const { scores: mutant } = await crossEncoder.predictTokens(untyped, { activation: "identity" });
      expectMutantToFail(() => expect(mutant).toBeCloseToArray(flat(expected["logits.float64"]), { tolerance }));
    }
  });

  test.each(cases.filter((name) => opened(name).ranking.length > 0))("%s: the ranking is Python's", async (name) => {
    const { folder, query, pairs, ranking, gaps } = opened(name);
    await using crossEncoder = await loadCrossEncoder(folder, { cores: 0, engine });
    const documents = pairs.map(({ second }) => second);
    const ranked = await crossEncoder.rank(query, documents, { topK: ranking.length, returnDocuments: true });
    expect(ranked.map(({ index }) => index)).toEqual(ranking.map(([index]) => index));
    const scores = ranking.map(([, score]) => score);
    expect(ranked.map(({ score }) => score)).toBeCloseToArray(scores, { tolerance: 8 * gaps.scores });
    expect(ranked.map(({ text }) => text)).toEqual(ranking.map(([index]) => documents[index]));
    expect((await crossEncoder.rank(query, documents)).map(({ text }) => text)).toEqual(documents.map(() => undefined));
    expect(await crossEncoder.rank(query, [])).toEqual([]);
  });
});

test.skipIf(cases.length === 0)("many callers at once are given what each alone is", async () => {
  const { folder, pairs } = opened("bert");
  await using crossEncoder = await loadCrossEncoder(folder, { cores: 0 });
  const given = pairs.map(({ first, second }): TextPair => [first, second]);
  const gathering = crossEncoder.gathering();
  const [some, others] = await Promise.all([gathering.predict(given.slice(0, 9)), gathering.predict(given.slice(9))]);
  const { scores } = await crossEncoder.predict(given);
  expect([...some.scores, ...others.scores]).toBeCloseToArray(scores, { tolerance: 1e-6 });
});

test.skipIf(cases.length === 0)(
  "refuses by name: a model of several labels, options, folders of other models",
  async () => {
    await using several = await loadCrossEncoder(opened("bert-labels").folder, { cores: 0 });
    await expect(several.rank("a", ["b"])).rejects.toThrow("rank: the model has several labels");
    await using one = await loadCrossEncoder(opened("bert").folder, { cores: 0 });
    await expect(one.rank("a", ["b"], { topK: -1 })).rejects.toThrow(ConfigError);
    await expect(one.predict([["a", "b"]], { maxLenght: 9 } as object)).rejects.toThrow("Did you mean maxLength?");
    await expect(one.predict([["a", "b"]], { maxLength: 2 })).rejects.toThrow("maxLength leaves no room");
    const vectors = sharedPath("golden", "mpnet-tiny", "model");
    await expect(loadCrossEncoder(vectors, { cores: 0 })).rejects.toThrow(FormatError);
    await expect(loadCrossEncoder(vectors, { cores: 0 })).rejects.toThrow(
      /a Transformer alone, as a cross-encoder has/,
    );
    await expect(loadCrossEncoder(join(vectors, "nowhere"))).rejects.toThrow("no such folder");
  },
);
