import "@kindred/testing";
import { type Embedder, SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { Validator } from "@seriousme/openapi-schema-validator";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { toyFiles } from "../../sentence-encoder/test-support/toy-model.ts";
import { createServer, type EmbeddingServer, type ServerOptions } from "./create-server.ts";

let encoder: SentenceEncoder;
let server: EmbeddingServer;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
  server = createServer({ models: { toy: encoder } });
});
afterAll(() => encoder.close());

const json = { "content-type": "application/json" };
async function post(path: string, body: unknown, { app } = server, headers = {}) {
  const response = await app.request(path, {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as unknown };
}
const get = async (path: string, { app } = server, headers = {}) => app.request(path, { headers });

test("/embed_all gives a vector for every token", async () => {
  const { tokenEmbeddings } = await encoder.encode(["the cat", "a"], { outputValue: "tokenEmbeddings" });
  const { json: rows } = await post("/embed_all", { inputs: ["the cat", "a"] });
  const given = rows as number[][][];
  expect(given.map((tokens) => tokens.length)).toEqual([4, 3]);
  // the toy's widths are no multiples of 16: rounding, ten times as large as in a vector of length 1
  for (const [i, tokens] of given.entries())
    expect(tokens.flat()).toBeCloseToArray(tokenEmbeddings[i] ?? [], { tolerance: 1e-5 });
});

test("/similarity compares one text with others, by the model's own measure", async () => {
  const encoded = await encoder.encode(["the cat", "a dog", "the cat"]);
  const { json: scores } = await post("/similarity", {
    inputs: { source_sentence: "the cat", sentences: ["a dog", "the cat"] },
  });
  expect(scores as number[]).toBeCloseToArray(encoder.similarity(encoded, encoded).scores.subarray(1, 3), {
    tolerance: 1e-6,
  });
  expect((await post("/similarity", { inputs: { source_sentence: "a", sentences: [] } })).status).toBe(400);
});

test("/tokenize gives ids, parts of the text and their places in characters", async () => {
  const { json: tokens } = await post("/tokenize", { inputs: "😀 cats </s>" });
  const rows = (tokens as { id: number; text: string; special: boolean; start: number; stop: number }[][])[0] ?? [];
  expect(rows.map(({ text, special, start, stop }) => [text, special, start, stop])).toEqual([
    ["<s>", true, null, null],
    ["😀", true, 0, 1], // [UNK], which is a special token
    ["cat", false, 2, 5],
    ["s", false, 5, 6],
    ["</s>", true, 7, 11],
    ["</s>", true, null, null],
  ]);
  expect(rows.map(({ id }) => id)).toEqual([...encoder.tokenizer.encode("😀 cats </s>").ids]);
  const { json: bare } = await post("/tokenize", { inputs: ["cat", ""], add_special_tokens: false });
  expect((bare as object[][]).map((list) => list.length)).toEqual([1, 0]);
  expect((await post("/tokenize", { inputs: "a ".repeat(70_000) })).status).toBe(413);
});

test("dimensions are cut only where the model was trained for it", async () => {
  const cut = await encoder.encode("the cat", { truncateDim: 4 });
  const trained = createServer({ models: { toy: encoder }, dimensions: { toy: [4] } });
  expect(((await post("/embed", { inputs: "the cat", dimensions: 4 }, trained)).json as number[][])[0]).toEqual([
    ...cut.embeddings,
  ]);
  expect(await post("/v1/embeddings", { input: "a", dimensions: 4 })).toEqual({
    status: 400,
    json: {
      error: expect.objectContaining({
        param: "dimensions",
        message: expect.stringMatching(/no 4 dimensions.*all that it has/) as string,
      }) as object,
    },
  });
  expect((await post("/embed", { inputs: "a", dimensions: 5 }, trained)).status).toBe(422);
  expect((await post("/embed", { inputs: "a", dimensions: 12 })).status).toBe(200);
  await using says = await sentenceEncoderFromFiles(await toyFiles({ matryoshkaDimensions: [8, 4] }));
  const ofModel = createServer({ models: { toy: says } });
  const statuses = async (of: EmbeddingServer, ...lengths: number[]) =>
    Promise.all(lengths.map(async (dimensions) => (await post("/embed", { inputs: "a", dimensions }, of)).status));
  expect(await statuses(ofModel, 12, 8, 4, 5, 13)).toEqual([200, 200, 200, 422, 422]);
  expect(await (await get("/info", ofModel)).json()).toMatchObject({ dimensions: [8, 4] });
  const any = createServer({ models: { toy: says }, dimensions: { toy: "any" } });
  expect(await statuses(any, 8, 5, 13)).toEqual([200, 200, 422]);
});

test("/info, /v1/models, /health and /ready tell what there is, and /ready when it is over", async () => {
  const own = createServer({ models: { toy: encoder, again: encoder }, maxConcurrentRequests: 7 });
  const info = (await (await get("/info", own)).json()) as object;
  expect(info).toMatchObject({
    ...{
      model_id: "toy",
      model_dtype: "float32",
      max_input_length: 16,
      dimension: 12,
      max_concurrent_requests: 7,
      auto_truncate: true,
    },
    models: [{ model_id: "toy" }, { model_id: "again" }],
  });
  const { data } = (await (await get("/v1/models", own)).json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toEqual(["toy", "again"]);
  expect([(await get("/health", own)).status, (await get("/ready", own)).status]).toEqual([200, 200]);
  await own.drain();
  expect([(await get("/health", own)).status, (await get("/ready", own)).status]).toEqual([200, 503]);
  const unknown = await get("/nowhere");
  expect([unknown.status, await unknown.json()]).toEqual([
    404,
    { error: "There is no GET /nowhere.", error_type: "not_found" },
  ]);
});

test("/health says that no core answers once work has lain for a minute without a batch coming back", async () => {
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  try {
    const answers: (() => void)[] = [];
    const embed: Embedder["embed"] = ({ batch }) =>
      new Promise((resolve) => answers.push(() => resolve(new Float32Array(12 * (batch.starts.length - 1)))));
    const slow = new SentenceEncoder(encoder.model, { cores: 1, embed, close: async () => {} });
    const own = createServer({ models: { toy: slow } });
    const health = async () => {
      const answer = await get("/health", own);
      return [answer.status, await answer.text()];
    };
    const [alive, stalled] = [
      [200, "ok"],
      [503, "no core has answered for a minute"],
    ];
    now += 1e9;
    expect(await health()).toEqual(alive); // idle, for however long
    const first = post("/embed", { inputs: Array(2000).fill("the cat sat on the mat") }, own);
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0));
    now += 59_000;
    expect(await health()).toEqual(alive);
    now += 2000;
    expect(await health()).toEqual(stalled);
    answers.shift()?.();
    await vi.waitFor(async () => expect(await health()).toEqual(alive)); // one batch of it has come back
    now += 61_000;
    expect(await health()).toEqual(stalled);
    const timer = setInterval(() => answers.shift()?.());
    expect((await first).status).toBe(200);
    clearInterval(timer);
    now += 1e9;
    expect(await health()).toEqual(alive);
  } finally {
    clock.mockRestore();
  }
});

test("/metrics counts under the names of text-embeddings-inference", async () => {
  const own = createServer({ models: { toy: encoder } });
  await Promise.all([post("/embed", { inputs: "the cat" }, own), post("/embed", { inputs: ["a", "b"] }, own)]);
  await post("/embed", { inputs: [] }, own);
  const text = await (await get("/metrics", own)).text();
  const value = (series: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.split(" ")[1],
    );
  expect(value('te_request_count{method="single"}')).toBe(1);
  expect(value('te_request_success{method="batch"}')).toBe(1);
  expect(value('te_request_failure{err="empty"}')).toBe(1);
  expect([value("te_embed_count"), value("te_queue_size"), value("te_request_in_work")]).toEqual([3, 0, 0]);
  expect([value("te_batch_next_size_sum"), value("te_batch_next_tokens_sum")]).toEqual([3, 10]);
  expect([value("te_request_duration_count"), value('te_request_input_length_bucket{le="4"}')]).toEqual([2, 1]);
});

test("/openapi.json is valid, and tells of every route that there is", async () => {
  const description = (await (await get("/openapi.json")).json()) as { paths: object };
  expect(await new Validator().validate(description)).toMatchObject({ valid: true });
  const served = server.app.routes.filter(({ method }) => method !== "ALL").map(({ path }) => path);
  expect(new Set(Object.keys(description.paths))).toEqual(new Set(served));
  const text = JSON.stringify(description);
  expect(text).toContain('"truncation_direction"');
  expect(text).not.toContain("$defs");
});

describe("who may ask", () => {
  const asked = async (
    options: Partial<ServerOptions>,
    url: string,
    headers: Record<string, string>,
    method = "POST",
  ) => {
    const { app } = createServer({ models: { toy: encoder }, ...options });
    const body = method === "POST" ? JSON.stringify({ inputs: "a" }) : null;
    return app.request(url, { method, headers: { ...json, ...headers }, body });
  };
  test.each<[string, Partial<ServerOptions>, string, Record<string, string>, number]>([
    ["this machine's name", {}, "http://localhost:8080/embed", {}, 200],
    ["an address", {}, "http://10.0.0.7:8080/embed", {}, 200],
    ["an IPv6 address", {}, "http://[::1]:8080/embed", {}, 200],
    ["a name that was pointed at it", {}, "http://evil.example/embed", {}, 403],
    ["a name that is allowed", { allowedHosts: ["embed.svc"] }, "http://embed.svc/embed", {}, 200],
    ["its own page", {}, "http://localhost:8080/embed", { origin: "http://localhost:8080" }, 200],
    ["another site's page", {}, "http://localhost:8080/embed", { origin: "https://evil.example" }, 403],
    ["a page of no site", {}, "http://localhost:8080/embed", { origin: "null" }, 403],
    [
      "a page that is allowed",
      { corsOrigins: ["https://a.example"] },
      "http://localhost/embed",
      { origin: "https://a.example" },
      200,
    ],
    [
      "another than that",
      { corsOrigins: ["https://a.example"] },
      "http://localhost/embed",
      { origin: "https://b.example" },
      403,
    ],
  ])("%s", async (_, options, url, headers, status) => {
    const response = await asked(options, url, headers);
    expect(response.status).toBe(status);
    const allowed = options.corsOrigins?.includes(headers["origin"] ?? "") ?? false;
    expect(response.headers.get("access-control-allow-origin")).toBe(allowed ? (headers["origin"] ?? null) : null);
  });

  test("who brings one of the keys; everybody for what tells nothing of texts", async () => {
    const options = { apiKeys: ["a key of some letters", "another of them"] };
    const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
    for (const key of options.apiKeys) expect((await asked(options, "/embed", bearer(key))).status).toBe(200);
    for (const headers of [
      {},
      bearer("a key of some letter"),
      bearer("a key of some letters, and more"),
      { authorization: "a key of some letters" },
    ]) {
      const response = await asked(options, "/v1/embeddings", headers);
      expect([response.status, response.headers.get("www-authenticate"), await response.json()]).toEqual([
        ...[401, "Bearer"],
        { error: expect.objectContaining({ code: "invalid_api_key" }) as object },
      ]);
    }
    for (const path of ["/", "/health", "/ready", "/metrics", "/openapi.json"])
      expect((await asked(options, path, {}, "GET")).status).toBe(200);
    expect((await asked(options, "/info", {}, "GET")).status).toBe(401);
  });
});

/** JSON of any form, the fields of the routes among it, and texts that are no JSON. */
const strange = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: "binary" }),
  fc
    .dictionary(
      fc.constantFrom("inputs", "input", "truncate", "model", "dimensions", "normalize", "__proto__"),
      fc.jsonValue(),
    )
    .map((body) => JSON.stringify(body)),
  fc.integer({ min: 1, max: 20_000 }).map((deep) => `{"inputs":${"[".repeat(deep)}${"]".repeat(deep)}}`),
  fc.integer({ min: 1, max: 50_000 }).map((many) => `{"inputs":[${"1e9,".repeat(many)}1]}`),
  fc.constantFrom(
    '{"inputs":"\\ud800"}',
    '{"inputs":["a","\\udc00b"]}',
    "",
    "null",
    '{"inputs":1e999}',
    '{"inputs":"a"}}',
    "\ufeff{}",
  ),
);

test("whatever is sent, the answer is an error of the client's or vectors, and the server goes on", async () => {
  let failures = 0;
  const careful = createServer({ models: { toy: encoder }, onError: () => failures++ });
  const law = fc.asyncProperty(
    strange,
    fc.constantFrom("/embed", "/embed_all", "/similarity", "/tokenize", "/v1/embeddings", "/rerank", "/v1/rerank"),
    async (body, path) => {
      const response = await careful.app.request(path, { method: "POST", headers: json, body });
      const answer: unknown = await response.json();
      expect(response.status === 200 || (response.status >= 400 && response.status < 500)).toBe(true);
      if (response.status !== 200) expect(answer).toHaveProperty("error");
      expect(careful.inWork).toBe(0);
    },
  );
  await fc.assert(law, { numRuns: 300 });
  expect(failures).toBe(0);
  expect((await post("/embed", { inputs: "a" }, careful)).status).toBe(200);
});

test("the page runs and loads nothing but what stands in it", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/,
  );
  const html = await response.text();
  const [, script = ""] = /<script>([\s\S]*)<\/script>/.exec(html) ?? [];
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script)));
  expect(policy).toContain(`script-src 'sha256-${btoa(String.fromCharCode(...digest))}'`);
  expect(html).not.toMatch(/https?:\/\/|innerHTML/);
});
