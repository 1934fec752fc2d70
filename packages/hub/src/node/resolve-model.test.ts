import { chmod, mkdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HubFixture, openHubFixture, pathsBelow, weights } from "../../test-support/hub-fixture.ts";
import { sha256, startHubServer } from "../../test-support/hub-server.ts";
import { neededPaths, shardNames, toyCommits, toyFile } from "../../test-support/toy-repository.ts";

const id = "owner/name";
const [older, newer] = toyCommits;

let hub: HubFixture;
beforeEach(async () => {
  hub = await openHubFixture();
});
afterEach(() => hub.close());

const fileRequests = () => hub.server.seen.filter(({ path }) => path.includes("/resolve/"));

test("a folder is given back as it is, without a cache or a network", async () => {
  expect(await hub.resolve(hub.folder)).toEqual({ folder: hub.folder, id: undefined, commit: undefined });
  expect(hub.server.seen).toEqual([]);
});

test("a model comes with what it needs and nothing else, in the layout of the Hub's cache", async () => {
  const model = await hub.resolve(id);
  expect(model).toEqual({ folder: hub.inCache("snapshots", newer), id, commit: newer });
  expect(await pathsBelow(model.folder)).toEqual(neededPaths);
  for (const path of neededPaths) {
    expect(sha256(await readFile(join(model.folder, path)))).toBe(sha256(toyFile(path)));
  }
  expect(await readlink(join(model.folder, "model.safetensors"))).toBe(`../../blobs/${sha256(weights)}`);
  expect(await readlink(join(model.folder, "1_Pooling/config.json"))).toMatch(
    /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/,
  );
  expect(await readFile(hub.inCache("refs", "main"), "utf8")).toBe(newer);
  expect(await hub.partials()).toEqual([]);
});

test("of weights in several files those come that the index names, and offline a missing one is missed", async () => {
  const { folder, commit } = await hub.resolve("owner/sharded");
  const paths = await pathsBelow(folder);
  expect(paths.filter((path) => path.startsWith("model"))).toEqual([...shardNames(2), "model.safetensors.index.json"]);
  await expect(hub.resolve("owner/sharded", { offline: true })).resolves.toMatchObject({ commit });
  await rm(join(folder, shardNames(2)[1] ?? ""));
  await expect(hub.resolve("owner/sharded", { offline: true })).rejects.toThrow(/model-1-of-2\.safetensors/);
});

test("hub.events tell of all bytes, and end with all of them", async () => {
  await hub.resolve(id);
  const totalBytes = neededPaths.reduce((sum, path) => sum + toyFile(path).length, 0);
  expect(hub.events[0]).toMatchObject({ type: "plan", id, commit: newer, files: neededPaths.length, totalBytes });
  const bytes = hub.events.flatMap((event) => (event.type === "progress" ? [event.bytes] : []));
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  expect(bytes.at(-1)).toBe(totalBytes);
  expect(hub.events.at(-1)).toMatchObject({ file: "model.safetensors", fileBytes: weights.length });
});

test("the token goes to the Hub and never to the CDN", async () => {
  await hub.resolve(id, { token: "hf_secret" });
  const tokens = (place: string) =>
    new Set(hub.server.seen.filter((seen) => seen.server === place).map((seen) => seen.authorization));
  expect(tokens("hub")).toEqual(new Set(["Bearer hf_secret"]));
  expect(tokens("cdn")).toEqual(new Set([undefined]));
});

test("a listing that goes on elsewhere takes no token there", async () => {
  const elsewhere = await startHubServer({});
  elsewhere.fault = () => ({ status: 200, body: "[]" });
  const headers = { link: `<${elsewhere.endpoint}/next>; rel="next"` };
  hub.server.fault = ({ path }) => (path.includes("/tree/") ? { status: 200, headers, body: "[]" } : undefined);
  await expect(hub.resolve(id, { token: "hf_secret" })).rejects.toMatchObject({ reason: "not-a-model" });
  expect(elsewhere.seen).toMatchObject([{ path: "/next", authorization: undefined }]);
  await elsewhere.close();
});

test("a second call downloads nothing; by its commit, the model needs no request at all", async () => {
  await hub.resolve(id);
  hub.server.seen.length = 0;
  await hub.resolve(id);
  expect(fileRequests()).toEqual([]);
  expect(hub.events.at(-1)).toMatchObject({ type: "plan", cachedBytes: expect.any(Number) });
  hub.server.seen.length = 0;
  expect(await hub.resolve(`${id}@${newer}`)).toMatchObject({ commit: newer });
  expect(hub.server.seen).toEqual([]);
});

test("revisions are separate, and share the files that they have in common", async () => {
  await hub.resolve(id);
  hub.server.seen.length = 0;
  const model = await hub.resolve(`${id}@v1`);
  expect(model.commit).toBe(older);
  expect(await readFile(join(model.folder, "README.md"), "utf8")).toBe("# An older model");
  expect(fileRequests().map(({ path }) => path.split("/").at(-1))).toEqual(["README.md"]);
  expect((await hub.resolve(id, { revision: "refs/pr/1" })).commit).toBe(older);
  expect(await readFile(hub.inCache("refs", "refs/pr/1"), "utf8")).toBe(older);
});

test("a branch that moves is followed", async () => {
  hub.repository.refs["main"] = older;
  expect((await hub.resolve(id)).commit).toBe(older);
  hub.repository.refs["main"] = newer;
  expect((await hub.resolve(id)).commit).toBe(newer);
  expect((await hub.resolve(id, { offline: true })).commit).toBe(newer);
});

test("named files come alone, and a name that is not there is refused", async () => {
  const model = await hub.resolve(id, { files: ["tokenizer.json"] });
  expect(await pathsBelow(model.folder)).toEqual(["tokenizer.json"]);
  expect(await hub.resolve(id, { files: ["tokenizer.json"], offline: true })).toEqual(model);
  await expect(hub.resolve(id, { files: ["nothing.json"] })).rejects.toMatchObject({ reason: "file-not-found" });
});

test("offline after a download, the network is never touched", async () => {
  const model = await hub.resolve(id);
  const bare = await hub.resolve("owner/bare");
  hub.server.seen.length = 0;
  expect(await hub.resolve(id, { offline: true })).toEqual(model);
  expect(await hub.resolve("owner/bare", { offline: true })).toEqual(bare);
  expect(hub.server.seen).toEqual([]);
});

test("offline, what the cache lacks is named", async () => {
  await expect(hub.resolve(id, { offline: true })).rejects.toMatchObject({ reason: "offline", exitCode: 2 });
  await hub.resolve(id);
  await rm(hub.inCache("snapshots", newer, "model.safetensors"));
  await expect(hub.resolve(id, { offline: true })).rejects.toThrow(/without model\.safetensors or/);
  await rm(hub.inCache("snapshots", newer, "modules.json"));
  await expect(hub.resolve(id, { offline: true })).rejects.toThrow(/without modules\.json/);
  expect(hub.server.seen.filter(({ path }) => path.startsWith("/api"))).not.toEqual([]);
});

test.skipIf(process.getuid?.() === 0)("a whole cache that can't be written to serves all the same", async () => {
  const model = await hub.resolve(id);
  await chmod(hub.inCache("refs"), 0o500);
  expect(await hub.resolve(id)).toEqual(model);
  await chmod(hub.inCache("refs"), 0o700);
});

test.each(["./nowhere", "/nowhere/at/all", "~/nowhere", "a/b/c", "runs/model/", "C:\\models", "plain"])(
  "%s is neither a folder nor an id",
  async (name) => {
    await expect(hub.resolve(name)).rejects.toThrow(ConfigError);
    expect(hub.server.seen).toEqual([]);
  },
);

test("two revisions, and a revision of a folder, are refused", async () => {
  await expect(hub.resolve(`${id}@v1`, { revision: "main" })).rejects.toThrow(ConfigError);
  await expect(hub.resolve(hub.folder, { revision: "main" })).rejects.toThrow(ConfigError);
  await expect(hub.resolve(id, { revision: "../x" })).rejects.toThrow(ConfigError);
});

test("a folder with the form of an id is a folder", async () => {
  const before = process.cwd();
  await mkdir(join(hub.folder, "owner", "name"), { recursive: true });
  process.chdir(hub.folder);
  try {
    expect((await hub.resolve(id)).folder).toBe(id);
  } finally {
    process.chdir(before);
  }
});
