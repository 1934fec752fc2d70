import { ConfigError } from "@kindred/errors";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toyFiles } from "../../sentence-encoder/test-support/toy-model.ts";
import { type OpenAiClient, openAiClient, type OpenAiRequest } from "./openai.ts";
import { listsOf } from "./open-model.ts";

let encoder: SentenceEncoder;
let client: OpenAiClient;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
  client = openAiClient((model) => (model === "toy" ? encoder : Promise.reject(new ConfigError(`${model}: none`))));
});
afterAll(() => encoder.close());

test("a text and a list give the official form", async () => {
  const { embeddings, tokenCounts } = await encoder.encode("the cat");
  const tokens = tokenCounts[0];
  const expected = {
    object: "list",
    model: "toy",
    data: [{ object: "embedding", index: 0, embedding: [...embeddings] }],
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
  expect(await client.embeddings.create({ model: "toy", input: "the cat" })).toEqual(expected);
  expect(await client.embeddings.create({ model: "toy", input: ["the cat"], encoding_format: "float" })).toEqual(
    expected,
  );
});

test("base64 holds the bits of the floats, in the order of the inputs", async () => {
  const texts = fc.array(fc.constantFrom("the cat", "", "dogs . dogs", "a"), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(texts, async (input) => {
      const { data } = await client.embeddings.create({ model: "toy", input, encoding_format: "base64" });
      const decoded = data.map(({ embedding }) => {
        const bytes = Uint8Array.from(atob(embedding), (letter) => letter.charCodeAt(0));
        return [...new Float32Array(bytes.buffer)];
      });
      expect(decoded).toEqual(listsOf(await encoder.encode(input)));
      expect(data.map(({ index }) => index)).toEqual(input.map((_, i) => i));
    }),
    { numRuns: 20 },
  );
});

test("dimensions and prompt_name are obeyed", async () => {
  const input = ["the cat", "a dog"];
  const { data } = await client.embeddings.create({ model: "toy", input, dimensions: 3, prompt_name: "query" });
  const expected = listsOf(await encoder.encodeQuery(input, { truncateDim: 3 }));
  expect(data.map(({ embedding }) => embedding)).toEqual(expected);
});

test("ids of tokens stand for their text, one or a list; those that the model has not are refused", async () => {
  const [ids] = [[...encoder.tokenizer.encode("the cat").ids]];
  const { data } = await client.embeddings.create({ model: "toy", input: "the cat" });
  for (const input of [ids, ids.slice(1, -1), [ids]]) {
    const ofIds = await client.embeddings.create({ model: "toy", input });
    expect(ofIds.data).toEqual(data);
    expect(ofIds.usage.prompt_tokens).toBe(ids.length);
  }
  await expect(client.embeddings.create({ model: "toy", input: [999] })).rejects.toThrow(/no such token\. Got id 999/);
});

test("a call that is given up ends with its signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(client.embeddings.create({ model: "toy", input: "a" }, { signal })).rejects.toBe(signal.reason);
});

test.each<[string, object, RegExp]>([
  ["no input", { input: [] }, /embeddings\.create: input is an empty list/],
  ["an input that is no text", { input: ["a", 7, null] }, /input\[1\] is 7\. Expected a text, or ids of its tokens/],
  ["ids that are none", { input: [[1, 2.5]] }, /input\[0\] is \[1,2\.5\]/],
  ["a text of no ids", { input: ["a", []] }, /input\[1\] is \[\]/],
  ["nothing at all", { input: undefined }, /input is undefined/],
  ["no model", { model: "" }, /model is "". Expected the name of a model/],
  ["another model", { model: "gpt" }, /gpt: none/],
  ["another form", { encoding_format: "hex" }, /encoding_format is "hex". Expected float or base64/],
  ["no whole dimension", { dimensions: 1.5 }, /dimensions is 1.5/],
  [
    "more dimensions than there are",
    { dimensions: 13 },
    /^embeddings\.create: dimensions do not fit\. Got 13, expected a whole number from 1 to the vector's 12/,
  ],
  ["a key that does not exist", { dimension: 3 }, /dimension is no such key. Expected dimensions/],
])("refuses %s", async (_, change, message) => {
  const request = { model: "toy", input: "a", ...change } as OpenAiRequest & { encoding_format?: "float" };
  const call = client.embeddings.create(request);
  await expect(call).rejects.toThrow(ConfigError);
  await expect(call).rejects.toThrow(message);
});
