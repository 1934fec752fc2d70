import { type CrossEncoder, type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { loadCrossEncoder } from "@kindred/sentence-encoder/node";
import { sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyFiles } from "../../sentence-encoder/test-support/toy-model.ts";
import { createServer, type EmbeddingServer } from "./create-server.ts";

const folder = (name: string) => ["golden", "cross-encoders", name, "model"] as const;
const query = "the game";
const texts = ["black and white", "the best game", "", "the best game"];

let encoder: SentenceEncoder;
let reranker: CrossEncoder;
let server: EmbeddingServer;
async function post(path: string, body: unknown, { app } = server) {
  const headers = { "content-type": "application/json" };
  const response = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, headers: response.headers, json: (await response.json()) as unknown };
}

beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
});
afterAll(() => encoder.close());

describe.skipIf(!sharedExists(...folder("distilbert")))("a server with a model that ranks", () => {
  beforeAll(async () => {
    reranker = await loadCrossEncoder(sharedPath(...folder("distilbert")), { cores: 0 });
    server = createServer({ models: { toy: encoder }, rerankers: { ranks: reranker } });
  });
  afterAll(() => reranker.close());

  test("/rerank gives text-embeddings-inference's answer: places and scores, the best first", async () => {
    const ranking = await reranker.rank(query, texts, { activation: "sigmoid" });
    const { status, json, headers } = await post("/rerank", { query, texts });
    expect([status, json]).toEqual([200, ranking]);
    expect(Number(headers.get("x-compute-tokens"))).toBeGreaterThan(4 * texts.length);
    const raw = await reranker.rank(query, texts, { activation: "identity", returnDocuments: true });
    expect((await post("/rerank", { query, texts, raw_scores: true, return_text: true })).json).toEqual(raw);
    expect(ranking.map(({ score }) => score)).not.toEqual(raw.map(({ score }) => score));
  });

  test("/v1/rerank gives Cohere's answer, and so does /rerank where documents are given", async () => {
    const ranking = await reranker.rank(query, texts, { activation: "sigmoid", topK: 2 });
    const body = { model: "any", query, documents: texts, top_n: 2, return_documents: true };
    const results = ranking.map(({ index, score }) => ({
      index,
      relevance_score: score,
      document: { text: texts[index] },
    }));
    for (const path of ["/rerank", "/v1/rerank"]) {
      const { status, json } = await post(path, body);
      expect(status).toBe(200);
      expect(json).toMatchObject({ model: "ranks", results, usage: { total_tokens: expect.any(Number) as number } });
    }
    const asObjects = await post("/v1/rerank", { query, documents: texts.map((text) => ({ text })) });
    expect((asObjects.json as { results: unknown[] }).results).toHaveLength(texts.length);
    expect((asObjects.json as { results: object[] }).results[0]).not.toHaveProperty("document");
  });

  test("texts that are too long are cut, at the end that is asked for, or refused", async () => {
    const long = `black ${"the best game of all ".repeat(30)}white`;
    const scores = async (more: object) => (await post("/rerank", { query, texts: [long], ...more })).json;
    expect(await scores({ truncation_direction: "Left" })).not.toEqual(await scores({}));
    expect(await post("/rerank", { query, texts: ["a", long], truncate: false })).toMatchObject({
      status: 422,
      json: {
        error: expect.stringMatching(/^Text 1 is too long\. .*the 48 tokens/) as string,
        error_type: "validation",
      },
    });
  });

  test("what is wrong with a request is said in the form of its route", async () => {
    expect(await post("/rerank", { query, texts: [] })).toMatchObject({ status: 400, json: { error_type: "empty" } });
    expect(await post("/rerank", { query, text: ["a"] })).toMatchObject({
      status: 422,
      json: { error: 'Unknown field "text". Did you mean texts?' },
    });
    expect(await post("/v1/rerank", { query: 1, documents: ["a"] })).toMatchObject({
      status: 400,
      json: { error: { param: "query", type: "invalid_request_error" } },
    });
    const two = createServer({ models: { toy: encoder }, rerankers: { ranks: reranker, again: reranker } });
    expect((await post("/rerank", { query, texts, model: "ranks" }, two)).status).toBe(200);
    expect((await post("/rerank", { query, texts, model: "other" }, two)).status).toBe(404);
  });
});

test.skipIf(!sharedExists(...folder("distilbert")))("a server may rank and nothing else", async () => {
  await using own = await loadCrossEncoder(sharedPath(...folder("distilbert")), { cores: 0 });
  const only = createServer({ models: {}, rerankers: { ranks: own } });
  expect((await post("/rerank", { query, texts }, only)).status).toBe(200);
  expect((await post("/embed", { inputs: "a" }, only)).status).toBe(404);
  expect((await only.app.request("/ready")).status).toBe(200);
  expect(await (await only.app.request("/info")).json()).toMatchObject({ models: [], rerankers: ["ranks"] });
});

test("without such a model the routes say so; one of several labels is refused", async () => {
  const none = createServer({ models: { toy: encoder } });
  for (const [path, body] of [
    ["/rerank", { query, texts }],
    ["/v1/rerank", { query, documents: texts }],
  ] as const)
    expect((await post(path, body, none)).status).toBe(404);
  if (!sharedExists(...folder("bert-labels"))) return;
  await using several = await loadCrossEncoder(sharedPath(...folder("bert-labels")), { cores: 0 });
  expect(() => createServer({ models: { toy: encoder }, rerankers: { several } })).toThrow(
    "createServer: several can rank nothing. Got 3 labels, expected 1.",
  );
});
