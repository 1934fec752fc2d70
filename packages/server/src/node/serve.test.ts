import { connect } from "node:net";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { toyFiles } from "../../../sentence-encoder/test-support/toy-model.ts";
import { createServer } from "../create-server.ts";
import { type RunningServer, serve } from "./serve.ts";

let encoder: SentenceEncoder;
let running: RunningServer;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
  running = await serve(createServer({ models: { toy: encoder } }), { port: 0, requestTimeoutMs: 300 });
});
afterAll(async () => {
  await running.close();
  await encoder.close();
});

test("OpenAI's own client gets the vectors, by its own way and as numbers, and its own kinds of errors", async () => {
  const client = new OpenAI({ baseURL: `${running.url}/v1`, apiKey: "none", maxRetries: 0 });
  const { embeddings } = await encoder.encode("the cat");
  const usual = await client.embeddings.create({ model: "toy", input: "the cat" });
  expect(usual.data[0]?.embedding).toEqual([...embeddings]);
  expect(usual.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
  const numbers = await client.embeddings.create({ model: "toy", input: ["the cat"], encoding_format: "float" });
  expect(numbers.data[0]?.embedding).toEqual([...embeddings]);
  const wrong = client.embeddings.create({ model: "toy", input: [] });
  await expect(wrong).rejects.toThrow(OpenAI.BadRequestError);
  await expect(wrong).rejects.toThrow("There is no text");
});

/** Sends bytes over a connection of its own, and gives what comes until it is closed. */
function exchange(...parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(running.url);
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part);
    });
    socket.on("data", (data) => {
      received += String(data);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

const head = "POST /embed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

test("a body that does not come to its end is cut off in time", async () => {
  expect(await exchange(`${head}content-length: 100\r\n\r\n`, '{"inputs": "a')).toMatch(/^HTTP\/1.1 408 /);
  expect(await exchange(head)).toMatch(/^HTTP\/1.1 408 /);
  const health = await fetch(`${running.url}/health`);
  expect([health.status, await health.text()]).toEqual([200, "ok"]);
});

test("a client that goes away frees its place at once, whatever it had asked for", async () => {
  const server = createServer({ models: { toy: encoder }, maxConcurrentRequests: 1 });
  const other = await serve(server, { port: 0 });
  try {
    const metric = async (series: string) => {
      const text = await (await fetch(`${other.url}/metrics`)).text();
      return text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.split(" ")[1];
    };
    const ask = () =>
      fetch(`${other.url}/embed`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"inputs":"a"}',
      });
    const body = JSON.stringify({ inputs: Array(2000).fill("the cat sat on the mat . ".repeat(3)) });
    const { hostname, port } = new URL(other.url);
    const socket = connect(Number(port), hostname);
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    await vi.waitFor(async () => expect(await metric("te_request_in_work")).toBe("1"), { interval: 1 });
    expect((await ask()).status).toBe(429);
    socket.destroy();
    await vi.waitFor(async () => expect(await metric("te_request_in_work")).toBe("0"), { interval: 1 });
    expect([await metric('te_request_failure{err="dropped"}'), await metric("te_queue_size")]).toEqual(["1", "0"]);
    expect((await ask()).status).toBe(200);
    expect(await metric("te_embed_count")).toBe("1"); // none of the other's
  } finally {
    await other.close();
  }
});

test("closing answers what was begun, and takes no more", async () => {
  const server = createServer({ models: { toy: encoder } });
  const other = await serve(server, { port: 0 });
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ inputs: Array(500).fill("the cat sat on the mat .") });
  const begun = fetch(`${other.url}/embed`, { method: "POST", headers, body });
  while (server.inWork === 0) await new Promise((resolve) => setTimeout(resolve));
  const closed = other.close();
  const answer = await begun;
  expect([answer.status, ((await answer.json()) as unknown[]).length]).toEqual([200, 500]);
  await closed;
  await expect(fetch(`${other.url}/health`)).rejects.toThrow();
});

test("a port that is taken is refused by name", async () => {
  const port = Number(new URL(running.url).port);
  await expect(serve(createServer({ models: { toy: encoder } }), { port })).rejects.toThrow(
    /cannot listen at 127\.0\.0\.1, port \d+\. Got .*EADDRINUSE/,
  );
});
