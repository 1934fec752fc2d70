import "@kindred/testing";
import { ConfigError } from "@kindred/errors";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyFiles } from "../../sentence-encoder/test-support/toy-model.ts";
import { createServer, type EmbeddingServer, type ServerOptions } from "./create-server.ts";

let encoder: SentenceEncoder;
let server: EmbeddingServer;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles({ prompts: { query: "find: " } }));
  server = createServer({ models: { toy: encoder } });
});
afterAll(() => encoder.close());

/** Posts a body, and gives status, headers and what the answer's JSON is. */
async function post(path: string, body: unknown, { app } = server) {
  const headers = { "content-type": "application/json" };
  const response = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, headers: response.headers, json: (await response.json()) as unknown };
}

const rowsOf = async (texts: string | string[], options = {}, { dimension = 12 } = {}) => {
  const { embeddings } = await encoder.encode(texts, options);
  return Array.from({ length: embeddings.length / dimension }, (_, i) =>
    Array.from(embeddings.subarray(i * dimension, (i + 1) * dimension)),
  );
};

// The toy's widths are no multiples of 16, so its vectors differ by rounding with what they are batched with.
const tolerance = { tolerance: 1e-6 };
const expectRows = (rows: unknown, expected: number[][]) => {
  expect((rows as number[][]).length).toBe(expected.length);
  expect((rows as number[][]).flat()).toBeCloseToArray(expected.flat(), tolerance);
};

describe("POST /embed", () => {
  test("gives the vectors of encode, of one text and of a list, and says how long it took", async () => {
    const one = await post("/embed", { inputs: "the cat" });
    expect(one.status).toBe(200);
    expectRows(one.json, await rowsOf("the cat"));
    const { headers, json } = await post("/embed", { inputs: ["the cat", "", "a dog"] });
    expectRows(json, await rowsOf(["the cat", "", "a dog"]));
    expect([headers.get("x-compute-tokens"), headers.get("x-compute-characters")]).toEqual(["10", "12"]);
    for (const name of ["total", "tokenization", "queue", "inference"])
      expect(headers.get(`x-${name}-time`)).toMatch(/^\d+$/);
  });

  test("takes ids in the place of texts, with special tokens around them or without", async () => {
    const ids = [...encoder.tokenizer.encode("the cat").ids];
    expectRows((await post("/embed", { inputs: ids })).json, await rowsOf("the cat"));
    expectRows(
      (await post("/embed", { inputs: [ids.slice(1, -1), "a dog"] })).json,
      await rowsOf(["the cat", "a dog"]),
    );
    const long = [...encoder.tokenizer.encode("cat ".repeat(40)).ids];
    expectRows((await post("/embed", { inputs: long })).json, await rowsOf("cat ".repeat(40)));
  });

  test("puts the model's prompt of that name in front", async () => {
    const { json } = await post("/embed", { inputs: "the cat", prompt_name: "query" });
    expectRows(json, await rowsOf("the cat", { promptName: "query" }));
    const { status, json: refusal } = await post("/embed", { inputs: "the cat", prompt_name: "qurey" });
    expect([status, refusal]).toEqual([
      422,
      { error: expect.stringMatching(/Did you mean query\?/), error_type: "validation" },
    ]);
  });

  test("cuts what is too long at the end that is asked for, or refuses it", async () => {
    const long = `a ${"cat ".repeat(20)}dog`;
    expectRows((await post("/embed", { inputs: long })).json, await rowsOf(long));
    const { json } = await post("/embed", { inputs: long, truncation_direction: "Left" });
    expectRows(json, await rowsOf(long, { truncationSide: "left" }));
    const strict = createServer({ models: { toy: encoder }, autoTruncate: false });
    for (const [body, on] of [
      [{ inputs: ["a", long], truncate: false }, server],
      [{ inputs: ["a", long] }, strict],
    ] as const) {
      const { status, json: refusal } = await post("/embed", body, on);
      expect([status, refusal]).toEqual([
        422,
        { error: expect.stringMatching(/^Text 1 is too long.*16 tokens/), error_type: "validation" },
      ]);
    }
    expect((await post("/embed", { inputs: long, truncate: true }, strict)).status).toBe(200);
  });
});

describe("POST /v1/embeddings", () => {
  test("gives numbers, or their bytes, with the tokens that were read", async () => {
    const [row] = await rowsOf("the cat");
    const { json } = await post("/v1/embeddings", { input: "the cat", model: "whatever", user: "me" });
    expect(json).toEqual({
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: row }],
      model: "toy",
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
    const { json: encoded } = await post("/v1/embeddings", { input: ["the cat", "a"], encoding_format: "base64" });
    const { data, usage } = encoded as { data: { embedding: string; index: number }[]; usage: object };
    expect([data.map(({ index }) => index), usage]).toEqual([[0, 1], { prompt_tokens: 7, total_tokens: 7 }]);
    const bytes = Uint8Array.from(atob(data[0]?.embedding ?? ""), (letter) => letter.charCodeAt(0));
    expect([...new Float32Array(bytes.buffer)]).toBeCloseToArray(row ?? [], tolerance);
  });

  test("refuses in OpenAI's form", async () => {
    const { status, json } = await post("/v1/embeddings", { input: ["a", 5] });
    const error = { message: "input.1 does not fit. Got 5, expected a text.", param: "input.1", code: null };
    expect([status, json]).toEqual([400, { error: { ...error, type: "invalid_request_error" } }]);
  });

  test("chooses among several models by name", async () => {
    await using other = await sentenceEncoderFromFiles(await toyFiles({ similarityFunction: "dot", after: [] }));
    const both = createServer({ models: { toy: encoder, other } });
    const models = ["toy", "other", undefined].map((model) => post("/v1/embeddings", { input: "a", model }, both));
    expect((await Promise.all(models)).map(({ json }) => (json as { model: string }).model)).toEqual([
      "toy",
      "other",
      "toy",
    ]);
    const { status, json } = await post("/v1/embeddings", { input: "a", model: "third" }, both);
    expect([status, json]).toEqual([
      404,
      { error: expect.objectContaining({ code: "model_not_found", param: "model" }) },
    ]);
  });
});

test("many answers are written in pieces, and are whole", async () => {
  const texts = Array.from({ length: 6000 }, (_, i) => ["cat", "dog", "mat"][i % 3] ?? "");
  const large = createServer({ models: { toy: encoder }, maxClientBatchSize: 6000 });
  const { json } = await post("/embed", { inputs: texts }, large);
  const three = await rowsOf(["cat", "dog", "mat"]);
  expectRows(
    json,
    texts.map((_, i) => three[i % 3] ?? []),
  );
});

describe("a request is refused", () => {
  const body = JSON.stringify({ inputs: "a" });
  test.each<[string, RequestInit, number, RegExp]>([
    ["that is no JSON", { body: '{"inputs": "a"' }, 400, /no JSON/],
    [
      "that is JSON and does not say so",
      { body, headers: { "content-type": "text/plain" } },
      415,
      /expected application\/json/,
    ],
    ["with an unknown field", { body: '{"input": "a"}' }, 422, /Unknown field "input"\. Did you mean inputs\?/],
    ["without texts", { body: "{}" }, 422, /inputs is missing/],
    ["that is a list", { body: "[1]" }, 422, /The body does not fit\. Got a list of 1/],
    ["with an empty list", { body: '{"inputs": []}' }, 400, /no text/],
    ["with half a surrogate pair", { body: '{"inputs": "\\ud800"}' }, 422, /halves of surrogate pairs/],
    ["that is no UTF-8", { body: Uint8Array.of(0x22, 0xff, 0x22) }, 400, /no UTF-8/],
    ["that is nested deeply", { body: "[".repeat(100_000) }, 400, /nested too deeply/],
    ["with ids that no token has", { body: '{"inputs": [99]}' }, 422, /No such token\. Got id 99/],
    ["that is too large", { body: JSON.stringify({ inputs: "a".repeat(2_000_000) }) }, 413, /at most 2000000 bytes/],
    [
      "with too many texts",
      { body: JSON.stringify({ inputs: Array(2049).fill("a") }) },
      413,
      /Got 2049, expected at most 2048/,
    ],
  ])("%s", async (_, init, status, message) => {
    const response = await server.app.request("/embed", {
      method: "POST",
      headers: { "content-type": "application/json" },
      ...init,
    });
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: expect.stringMatching(message), error_type: expect.any(String) },
    ]);
  });

  test("when too many are worked on, with a time to come again; and when the server is about to stop", async () => {
    const options: ServerOptions = { models: { toy: encoder }, maxConcurrentRequests: 2 };
    const small = createServer(options);
    const answers = await Promise.all(Array.from({ length: 6 }, () => post("/embed", { inputs: "the cat" }, small)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const [refused] = answers.filter(({ status }) => status === 429);
    expect([refused?.headers.get("retry-after"), refused?.json]).toEqual([
      "1",
      { error: expect.stringMatching(/Too many requests/), error_type: "overloaded" },
    ]);
    const last = post("/embed", { inputs: "the cat" }, small);
    await new Promise((resolve) => setTimeout(resolve));
    await small.drain();
    expect((await last).status).toBe(200);
    expect((await post("/embed", { inputs: "the cat" }, small)).status).toBe(503);
  });

  test("when its time is up", async () => {
    const hasty = createServer({ models: { toy: encoder }, deadlineMs: 1 });
    const { status, json } = await post("/embed", { inputs: Array(2000).fill("the cat sat on the mat .") }, hasty);
    expect([status, json]).toEqual([504, { error: expect.stringMatching(/within 1 ms/), error_type: "timeout" }]);
  });
});

test("a server without models is refused", () => {
  expect(() => createServer({ models: {} })).toThrow(ConfigError);
});
