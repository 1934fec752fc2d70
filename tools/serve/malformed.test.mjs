// A server over real connections: what it makes of requests that it should not take.
import { join } from "node:path";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { createServer } from "@kindred/server";
import { serve } from "@kindred/server/node";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { faultsOf, illnessOf, malformedRequests, send, sendAll } from "./malformed.mjs";

test("every malformed request is answered 4xx or closed, and the server is idle and well after them", async () => {
  await using encoder = await loadSentenceEncoder(join(root, "golden", "mpnet-tiny", "model"));
  /** @type {unknown[]} */
  const errors = [];
  const server = createServer({ models: { tiny: encoder }, onError: (error) => void errors.push(error) });
  const running = await serve(server, { port: 0, requestTimeoutMs: 300 });
  try {
    const requests = malformedRequests(200, 1);
    const outcomes = await sendAll(running.url, requests);
    expect(faultsOf(outcomes)).toEqual([]);
    expect(Object.keys(outcomes)).toHaveLength(18);
    expect(errors).toEqual([]);
    expect(await illnessOf(running.url)).toBeUndefined();
    // What should be taken is no fault of the list of faults: it sees an answer where one comes.
    const body = '{"inputs": "the cat"}';
    const head = `POST /embed HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n`;
    const whole = `${head}content-length: ${body.length}\r\n\r\n${body}`;
    const status = await send(running.url, { kind: "whole", parts: [whole], ending: "wait" });
    expect(faultsOf({ whole: { [status]: 1 } })).toEqual(["whole: 200, 1 times"]);
  } finally {
    await running.close();
  }
}, 60_000);
