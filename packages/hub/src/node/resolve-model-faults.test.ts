// What goes wrong on the way, and that it ends well or with an error that says what to do.
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HubFixture, ofWeights, openHubFixture, pathsBelow, weights } from "../../test-support/hub-fixture.ts";
import { sha256 } from "../../test-support/hub-server.ts";
import { neededPaths, noise, shardNames, toyCommits } from "../../test-support/toy-repository.ts";

const id = "owner/name";
const [, newer] = toyCommits;

let hub: HubFixture;
beforeEach(async () => {
  hub = await openHubFixture();
});
afterEach(() => hub.close());

test("where the Hub can't be reached the cache's copy is used, and an event says so", async () => {
  const model = await hub.resolve(id);
  hub.server.fault = () => ({ status: 503 });
  hub.events.length = 0;
  expect(await hub.resolve(id)).toEqual(model);
  expect(hub.events.map(({ type }) => type)).toEqual(["retry", "retry", "stale"]);
});

test("without a network the cache's copy is used at once, and what it lacks is refused at once", async () => {
  const model = await hub.resolve(id);
  hub.events.length = 0;
  const endpoint = "http://no-such-host.invalid"; // a name that never has an address: RFC 2606
  expect(await hub.resolve(id, { endpoint })).toEqual(model);
  expect(hub.events.map(({ type }) => type)).toEqual(["stale"]);
  await expect(hub.resolve("owner/other", { endpoint })).rejects.toMatchObject({ reason: "connection" });
  expect(hub.events.map(({ type }) => type)).toEqual(["stale"]);
});

test("a cut connection goes on from where it was cut, as often as it is cut", async () => {
  hub.server.fault = (request) => (ofWeights(request) ? { cutAfterBytes: 70_000 } : undefined);
  const model = await hub.resolve(id);
  expect(await hub.weightsIn(model)).toBe(sha256(weights));
  const starts = hub.server.seen.filter(ofWeights).map(({ range }) => Number(/\d+/.exec(range ?? "0")));
  expect(starts.length).toBeGreaterThan(3); // more cuts than attempts: each brought some bytes
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});

test("a server that never gets further is given up after as many attempts as allowed; what came is used later", async () => {
  let isFirst = true;
  hub.server.fault = (request) => {
    if (!ofWeights(request)) return undefined;
    const fault = { cutAfterBytes: isFirst ? 100_000 : 0 };
    isFirst = false;
    return fault;
  };
  await expect(hub.resolve(id)).rejects.toMatchObject({ reason: "connection", exitCode: 1 });
  expect(hub.server.seen.filter(ofWeights)).toHaveLength(3);
  expect(hub.events.filter(({ type }) => type === "retry")).toHaveLength(2);
  expect(await hub.partials()).toHaveLength(1);
  await expect(stat(hub.inCache("refs", "main"))).rejects.toThrow(/ENOENT/);

  hub.server.fault = () => undefined;
  hub.server.seen.length = 0;
  await hub.resolve(id);
  expect(hub.server.seen.filter(ofWeights).map(({ range }) => range)).toEqual([
    expect.stringMatching(/^bytes=[1-9]\d*-$/),
  ]);
  expect(await hub.partials()).toEqual([]);
});

test("a server that falls silent in the middle of a file is given up", async () => {
  hub.server.fault = (request) => (ofWeights(request) ? { silentAfterBytes: 10_000 } : undefined);
  await expect(hub.resolve(id, { idleTimeoutMs: 100, attempts: 1 })).rejects.toThrow(/silence for 100 ms/);
});

test("a server without ranges sends the file from its start, and that is noticed", async () => {
  let isFirst = true;
  hub.server.fault = (request) => {
    if (!ofWeights(request)) return undefined;
    const fault = isFirst ? ({ cutAfterBytes: 50_000 } as const) : ({ ignoreRange: true } as const);
    isFirst = false;
    return fault;
  };
  const model = await hub.resolve(id);
  expect(await hub.weightsIn(model)).toBe(sha256(weights));
  expect(hub.server.seen.filter(ofWeights)).toHaveLength(2);
});

test.each([
  ["other bytes", Uint8Array.from(weights, (byte) => byte ^ 1), /the checksum is wrong/],
  ["more bytes", noise(weights.length + 1), /the file is too long/],
])("%s than listed are refused and removed, and the right ones come next time", async (_, replaceBody, message) => {
  hub.server.fault = (request) => (ofWeights(request) ? { replaceBody } : undefined);
  await expect(hub.resolve(id)).rejects.toMatchObject({
    ...{ reason: "checksum", exitCode: 3, message: expect.stringMatching(message) },
  });
  expect((await readdir(hub.inCache("blobs"))).filter((name) => name.startsWith(sha256(weights)))).toEqual([]);
  hub.server.fault = () => undefined;
  expect(await pathsBelow((await hub.resolve(id)).folder)).toEqual(neededPaths);
});

test("a small file of other bytes is refused by git's digest", async () => {
  hub.server.fault = ({ path }) => (path.endsWith("/vocab.txt") ? { replaceBody: new Uint8Array(4) } : undefined);
  await expect(hub.resolve(id)).rejects.toMatchObject({ reason: "checksum", details: { file: "vocab.txt" } });
});

test("a damaged partial file costs one more download, not a failure", async () => {
  hub.server.fault = (request) => (ofWeights(request) ? { cutAfterBytes: 100_000 } : undefined);
  const stop = new AbortController();
  const stopped = hub.resolve(id, {
    signal: stop.signal,
    onProgress: (event) => event.type === "retry" && stop.abort(new Error("stopped by the user")),
  });
  await expect(stopped).rejects.toThrow("stopped by the user");
  const [partial = ""] = await hub.partials();
  const damaged = new Uint8Array(await readFile(hub.inCache("blobs", partial)));
  damaged[5] = 255 - (damaged[5] ?? 0);
  await writeFile(hub.inCache("blobs", partial), damaged);

  hub.server.fault = () => undefined;
  hub.server.seen.length = 0;
  const model = await hub.resolve(id);
  expect(await hub.weightsIn(model)).toBe(sha256(weights));
  expect(hub.server.seen.filter(ofWeights).map(({ range }) => range === undefined)).toEqual([false, true]);
});

test("a blob that something has cut off is downloaded again", async () => {
  await hub.resolve(id);
  await truncate(hub.inCache("blobs", sha256(weights)), 1000);
  const model = await hub.resolve(id);
  expect(await hub.weightsIn(model)).toBe(sha256(weights));
});

test("two calls at once download every file once", async () => {
  hub.server.fault = (request) => (ofWeights(request) ? { pauseMs: 20 } : undefined);
  const first = hub.resolve(id);
  while (!hub.server.seen.some(ofWeights)) await new Promise((done) => setTimeout(done, 5));
  const second = hub.resolve(id);
  expect(await second).toEqual(await first);
  expect(hub.server.seen.filter(ofWeights)).toHaveLength(1);
  expect(hub.events.some(({ type }) => type === "waiting")).toBe(true);
});

test.each([
  ["owner/none", {}, "model-not-found", /HF_TOKEN/],
  ["owner/none", { token: "hf_right" }, "model-not-found", /no such model/],
  ["owner/private", {}, "model-not-found", /or a private one/],
  ["owner/gated", {}, "gated", /Ask for access on .*owner\/gated.*HF_TOKEN/],
  ["owner/gated", { token: "hf_wrong" }, "gated", /belongs to an account with access/],
  ["owner/name@v9", {}, "revision-not-found", /owner\/name@v9/],
  ["owner/other", {}, "not-a-model", /without tokenizer\.json or vocab\.txt or vocab\.json, model\.safetensors or/],
] as const)("%s with %j is refused as %s", async (name, options, reason, message) => {
  await expect(hub.resolve(name, options)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
  expect(hub.server.seen.length).toBeLessThan(20); // no retries
  await expect(hub.resolve(name, options)).rejects.not.toThrow(/hf_(right|wrong)/);
});

test("with the right token, gated and private models come", async () => {
  for (const name of ["owner/gated", "owner/private"]) {
    expect(await hub.resolve(name, { token: "hf_right" })).toMatchObject({ commit: newer });
  }
});

test.each([
  [{ status: 401, headers: { "x-error-message": "Invalid credentials in Authorization header" } }, "unauthorized"],
  [{ status: 403 }, "unauthorized"],
  [{ status: 404 }, "model-not-found"],
  [{ status: 500 }, "connection"],
  [{ status: 200, body: "<html>Log in to this network</html>" }, "listing"],
  [{ status: 200, body: '{"sha": "../../x"}' }, "listing"],
] as const)("the answer %j is a HubError (%s)", async (fault, reason) => {
  hub.server.fault = () => fault;
  await expect(hub.resolve(id, { token: "hf_x" })).rejects.toMatchObject({ reason });
});

test("a server that asks for patience gets it", async () => {
  let isFirst = true;
  hub.server.fault = () => {
    if (!isFirst) return undefined;
    isFirst = false;
    return { status: 429, headers: { "retry-after": "1" } };
  };
  await hub.resolve(id);
  expect(hub.events[0]).toMatchObject({ type: "retry", delayMs: 1000 });
});

test("nobody listening is a failed connection", async () => {
  await expect(hub.resolve(id, { endpoint: "http://127.0.0.1:9" })).rejects.toMatchObject({
    reason: "connection",
    message: expect.stringMatching(/Got .* from http:\/\/127\.0\.0\.1:9/),
  });
});

test.each([
  ["upward paths", { path: "../../../evil.json" }],
  ["absolute paths", { path: "/tmp/evil.json" }],
  ["absurd sizes", { path: "vocab.txt", size: 1e14 }],
  ["huge settings", { path: "vocab.txt", size: 1e9 }],
  ["digests that are paths", { path: "vocab.txt", oid: "../../../../evil" }],
])("a listing with %s is refused before anything is written", async (_, change) => {
  hub.server.listing = (entries) => [
    ...entries.filter(({ path }) => path !== "vocab.txt"),
    { ...entries.at(-1), ...change },
  ];
  await expect(hub.resolve(id)).rejects.toMatchObject({ reason: "listing" });
  expect(hub.server.seen.filter(({ path }) => path.includes("vocab.txt"))).toEqual([]);
  expect(
    (await pathsBelow(hub.folder)).filter((path) => !path.includes("modules.json") && !path.includes("blobs/")),
  ).toEqual([]);
});

test("a model larger than the disk is refused before its download", async () => {
  const lfs = { oid: "ab".repeat(32), size: 49e9, pointerSize: 134 };
  hub.server.listing = (entries) => [
    ...entries.filter(({ path }) => !String(path).startsWith("model-")),
    ...shardNames(300).map((path, shard) => ({
      ...{ type: "file", oid: "1".repeat(40), size: 49e9, lfs: { ...lfs, oid: String(shard).padStart(64, "0") } },
      path,
    })),
  ];
  await expect(hub.resolve("owner/huge")).rejects.toMatchObject({
    reason: "disk-full",
    details: { neededBytes: expect.any(Number) },
  });
});

test("a call that is stopped rejects with the signal's reason", async () => {
  await expect(hub.resolve(id, { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
  const stop = new AbortController();
  hub.server.fault = (request) => (ofWeights(request) ? { silentAfterBytes: 10 } : undefined);
  const stopped = hub.resolve(id, { signal: stop.signal });
  while (!hub.server.seen.some(ofWeights)) await new Promise((done) => setTimeout(done, 5));
  stop.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
});

test("an address of the CDN that has expired is asked for anew", async () => {
  let isFirst = true;
  hub.server.fault = (request) => {
    if (!ofWeights(request) || !isFirst) return undefined;
    isFirst = false;
    return { status: 403 };
  };
  expect(await hub.weightsIn(await hub.resolve(id))).toBe(sha256(weights));
});
