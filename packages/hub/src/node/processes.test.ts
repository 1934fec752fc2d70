// What only whole processes show: they run what is built, as for users, with nothing but the environment.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HubServer, type Seen, sha256, startHubServer } from "../../test-support/hub-server.ts";
import { toyFile, toyRepository } from "../../test-support/toy-repository.ts";

const weights = toyFile("model.safetensors");
const ofWeights = ({ server, path }: Seen) => server === "cdn" && path.endsWith(sha256(weights));
const library = new URL("../../dist/node/index.js", import.meta.url).href;
const program = `import { resolveModel } from ${JSON.stringify(library)};
const { folder } = await resolveModel("owner/name");
process.stdout.write(folder);`;

let home: string;
let server: HubServer;
const running = new Set<ChildProcess>();
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "kindred-hub-"));
  server = await startHubServer({ "owner/name": toyRepository({ access: { kind: "private", token: "hf_x" } }) });
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  await server.close();
  await rm(home, { recursive: true });
});

function start(environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { PATH: process.env["PATH"], HF_HOME: home, HF_ENDPOINT: server.endpoint, HF_TOKEN: "hf_x", ...environment },
  });
  running.add(child);
  return child;
}

async function result(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (part) => (stdout += part));
  child.stderr?.on("data", (part) => (stderr += part));
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

const expectWhole = async (folder: string) =>
  expect(sha256(await readFile(join(folder, "model.safetensors")))).toBe(sha256(weights));
const partials = async () =>
  (await readdir(join(home, "hub/models--owner--name/blobs"))).filter((name) => name.endsWith(".incomplete"));

test("what a killed process has downloaded is not downloaded again", async () => {
  server.fault = (request) => (ofWeights(request) ? { silentAfterBytes: 200_000 } : undefined);
  const child = start();
  const blobs = join(home, "hub/models--owner--name/blobs");
  await expect.poll(async () => sizeOfPartial(blobs), { timeout: 20_000 }).toBe(200_000);
  child.kill("SIGKILL");
  await once(child, "close");

  server.fault = () => undefined;
  server.seen.length = 0;
  const { stdout, stderr } = await result(start());
  expect(stderr).toBe("");
  await expectWhole(stdout);
  expect(server.seen.filter(ofWeights).map(({ range }) => range)).toEqual(["bytes=200000-"]);
  expect(await partials()).toEqual([]);
});

test("two processes at once share one download", async () => {
  server.fault = (request) => (ofWeights(request) ? { pauseMs: 50 } : undefined);
  const first = result(start());
  await expect.poll(() => server.seen.some(ofWeights), { timeout: 20_000 }).toBe(true);
  const [one, other] = await Promise.all([first, result(start())]);
  expect([one.stderr, other.stderr]).toEqual(["", ""]);
  expect(one.stdout).toBe(other.stdout);
  await expectWhole(one.stdout);
  expect(server.seen.filter(ofWeights)).toHaveLength(1);
});

test("four processes that start together all get the whole model, and nothing is left over", async () => {
  const results = await Promise.all(Array.from({ length: 4 }, () => result(start())));
  expect(results.map(({ stderr }) => stderr)).toEqual(["", "", "", ""]);
  for (const { stdout } of results) await expectWhole(stdout);
  expect(await partials()).toEqual([]);
});

test("a process that waits takes over when the one at work is killed", async () => {
  server.fault = (request) => (ofWeights(request) ? { pauseMs: 100 } : undefined);
  const first = start();
  await expect.poll(() => server.seen.some(ofWeights), { timeout: 20_000 }).toBe(true);
  const second = result(start());
  await expect
    .poll(() => server.seen.filter(({ path }) => path.includes("/tree/")).length, { timeout: 20_000 })
    .toBe(12);
  first.kill("SIGKILL");
  const { stdout, stderr } = await second;
  expect(stderr).toBe("");
  await expectWhole(stdout);
});

test("HF_HUB_OFFLINE keeps the network out of it", async () => {
  const { stdout } = await result(start());
  server.seen.length = 0;
  expect((await result(start({ HF_HUB_OFFLINE: "1" }))).stdout).toBe(stdout);
  const empty = await result(start({ HF_HUB_OFFLINE: "1", HF_HUB_CACHE: join(home, "empty") }));
  expect(empty.code).toBe(1);
  expect(empty.stderr).toMatch(/HubError: resolveModel: offline/);
  expect(server.seen).toEqual([]);
});

async function sizeOfPartial(blobs: string): Promise<number> {
  const names = await readdir(blobs).catch(() => []);
  const partial = names.find((name) => name.startsWith(sha256(weights)) && name.endsWith(".incomplete"));
  return partial === undefined ? 0 : (await readFile(join(blobs, partial))).length;
}
