import { ConfigError } from "@kindred/errors";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toyFiles } from "../../sentence-encoder/test-support/toy-model.ts";
import { KindredEmbeddings } from "./langchain.ts";
import { listsOf } from "./open-model.ts";

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles({ prompts: { query: "the cat ", document: "a dog " } }));
});
afterAll(() => encoder.close());
const texts = ["on the mat", "", "dogs"];

test("documents have the prompt of documents, queries that of queries", async () => {
  const embeddings = new KindredEmbeddings({ encoder });
  const documents = listsOf(await encoder.encodeDocument(texts));
  const [query = []] = listsOf(await encoder.encodeQuery("dogs"));
  expect(await embeddings.embedDocuments(texts)).toEqual(documents);
  expect(await embeddings.embedQuery("dogs")).toEqual(query);
  expect(query).not.toEqual(documents[2]); // prompts that are mixed up are noticed
  expect(await embeddings.embedDocuments([])).toEqual([]);
});

test("options hold for every call", async () => {
  const embeddings = new KindredEmbeddings({ encoder, truncateDim: 4, prompt: "" });
  const expected = listsOf(await encoder.encode(texts, { truncateDim: 4 }));
  expect(await embeddings.embedDocuments(texts)).toEqual(expected);
  expect(await embeddings.embedQuery("dogs")).toEqual(expected[2]);
});

test("a call that is given up ends with its signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  const embeddings = new KindredEmbeddings({ encoder });
  await expect(embeddings.embedDocuments(texts, { signal })).rejects.toBe(signal.reason);
  await expect(embeddings.embedQuery("dogs", { signal })).rejects.toBe(signal.reason);
});

test("refuses an option that does not exist", () => {
  const options = { encoder, maxRetries: 2 };
  expect(() => new KindredEmbeddings(options)).toThrow(ConfigError);
  expect(() => new KindredEmbeddings(options)).toThrow(/KindredEmbeddings: no such option. Got maxRetries/);
});
