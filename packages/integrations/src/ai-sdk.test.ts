import { ConfigError } from "@kindred/errors";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toyFiles } from "../../sentence-encoder/test-support/toy-model.ts";
import { type KindredProvider, kindredProvider, NoSuchModelError } from "./ai-sdk.ts";
import { listsOf } from "./open-model.ts";

let encoder: SentenceEncoder;
let kindred: KindredProvider;
const asked: string[] = [];
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
  kindred = kindredProvider(async (id) => {
    asked.push(id);
    return encoder;
  });
});
afterAll(() => encoder.close());

const words = fc.constantFrom("the", "cat", "dogs", ".");
const texts = fc.array(
  fc.array(words, { maxLength: 30 }).map((list) => list.join(" ")),
  { maxLength: 8 },
);

test("gives encode's vectors in order, counts the tokens that were read, and tells which values lost their end", async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (values) => {
      const { embeddings, usage, providerMetadata, warnings } = await kindred.embeddingModel("toy").doEmbed({ values });
      const encoded = await encoder.encode(values);
      expect(embeddings).toEqual(listsOf(encoded));
      const lengths = values.map((text) => encoder.tokenizer.encode(text, { maxLength: 16 }).ids.length);
      expect(usage.tokens).toBe(lengths.reduce((sum, length) => sum + length, 0));
      expect(providerMetadata.kindred.truncated).toEqual(encoded.truncated);
      expect(warnings.length).toBe(encoded.truncated.length > 0 ? 1 : 0);
    }),
    { numRuns: 30 },
  );
});

test("a model is asked for by its name, at each call and not before", async () => {
  asked.length = 0;
  const model = kindred.embeddingModel("owner/name@main");
  expect([model.modelId, model.provider, asked]).toEqual(["owner/name@main", "kindred", []]);
  await model.doEmbed({ values: ["cat"] });
  await model.doEmbed({ values: [] });
  expect(asked).toEqual(["owner/name@main", "owner/name@main"]);
});

test("options are the model's, then the call's; those of other providers are left alone", async () => {
  const values = ["the cat", "a dog"];
  const query = listsOf(await encoder.encodeQuery(values));
  const plain = listsOf(await encoder.encode(values));
  expect(query).not.toEqual(plain); // a prompt that is passed over is noticed
  const model = kindred.embeddingModel("toy", { promptName: "query" });
  expect((await model.doEmbed({ values })).embeddings).toEqual(query);
  const ofCall = { kindred: { promptName: "document" }, other: { promptName: "query", x: 1 } };
  expect((await model.doEmbed({ values, providerOptions: ofCall })).embeddings).toEqual(plain);
  const { embeddings } = await model.doEmbed({ values, dimensions: 5 });
  expect(embeddings).toEqual(listsOf(await encoder.encodeQuery(values, { truncateDim: 5 })));
});

test("a call that is given up ends with its signal's reason, also before a model is opened", async () => {
  asked.length = 0;
  const reason = new Error("enough");
  const model = kindred.embeddingModel("toy");
  await expect(model.doEmbed({ values: ["cat"], abortSignal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(asked).toEqual([]);
  const later = new AbortController();
  const slow = kindredProvider(async () => {
    later.abort(reason);
    return encoder;
  });
  const call = slow.embeddingModel("toy").doEmbed({ values: ["cat"], abortSignal: later.signal });
  await expect(call).rejects.toBe(reason);
});

test("refuses options that do not exist by name, and kinds of model that Kindred has not", async () => {
  expect(() => kindred.embeddingModel("toy", { promptname: "query" } as object)).toThrow(/promptname.*promptName/);
  const call = kindred.embeddingModel("toy").doEmbed({ values: ["cat"], providerOptions: { kindred: { signal: 1 } } });
  await expect(call).rejects.toThrow(ConfigError);
  const tooMany = kindred.embeddingModel("toy").doEmbed({ values: ["cat"], dimensions: 13 });
  await expect(tooMany).rejects.toThrow(/^embed: dimensions do not fit\. Got 13, expected .* vector's 12/);
  expect(() => kindred.languageModel("gpt")).toThrow(NoSuchModelError);
  expect(() => kindred.imageModel("x")).toThrow(/imageModel: Kindred has embedding models only. Got x/);
});

test("what fails to open fails the call with its own error", async () => {
  const error = new ConfigError("nowhere: no such folder.");
  await expect(
    kindredProvider(() => Promise.reject(error))
      .embeddingModel("nowhere")
      .doEmbed({ values: [""] }),
  ).rejects.toBe(error);
});
