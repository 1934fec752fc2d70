// What `npm start` and `npm test` stand on: the right Node, the right packages, and counts that miss no failure.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { holds } from "../install.mjs";
import { npmNode, ownNode } from "../node-runtime.mjs";
import { countsOfVitest, readCounts } from "../results.mjs";

const runtime = new URL("../node-runtime.mjs", import.meta.url).href;
/** @type {string} */
let folder;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kindred-tasks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * A program that goes on under the chosen Node.
 *
 * @param {string} body
 */
async function program(body) {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(
    path,
    `import { underChosenNode } from ${JSON.stringify(runtime)};\nawait underChosenNode();\n${body}`,
  );
  return path;
}

const version = (/** @type {string} */ node) =>
  execFileSync(node, ["-p", "process.version"], { encoding: "utf8" }).trim();
const [brought, own] = [npmNode(), ownNode()];

test.skipIf(brought === undefined)(
  "tasks run on npm's Node with their arguments, and on the machine's own if asked",
  async () => {
    const path = await program("console.log(process.version, ...process.argv.slice(2)); process.exitCode = 7;");
    const run = (/** @type {string[]} */ ...args) => spawnSync(own, [path, ...args], { encoding: "utf8" });
    expect(run("a", "--b")).toMatchObject({ stdout: `${version(brought ?? "")} a --b\n`, status: 7 });
    expect(run("--own-node")).toMatchObject({ stdout: `${version(own)} --own-node\n`, status: 7 });
    expect(run("--", "--own-node").stdout).toBe(`${version(brought ?? "")} -- --own-node\n`);
  },
);

test.skipIf(brought === undefined || process.platform === "win32")(
  "a signal reaches the task, which ends in its own way",
  async () => {
    const path = await program(
      'process.on("SIGTERM", () => setTimeout(() => process.exit(42), 100)); setInterval(() => {}, 1000); console.log("up");',
    );
    const child = spawn(own, [path], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.once("data", () => child.kill("SIGTERM"));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(42);
  },
);

test("the machine's own Node is none that a package brought", () => {
  expect(existsSync(own)).toBe(true);
  expect(own).not.toMatch(/node_modules/);
});

test("installed is what the lockfile says, but for other platforms' packages", () => {
  const wanted = {
    "": {},
    "packages/nn": { version: "0.1.0" },
    "node_modules/@kindred/nn": { link: true },
    "node_modules/a": { version: "1.0.0", integrity: "x" },
    "node_modules/other-platform": { version: "1.0.0", optional: true },
  };
  const installed = {
    "node_modules/@kindred/nn": { link: true },
    "node_modules/a": { version: "1.0.0", integrity: "x" },
  };
  expect(holds(installed, wanted)).toBe(true);
  expect(holds({ ...installed, "node_modules/a": { version: "1.0.1", integrity: "y" } }, wanted)).toBe(false);
  expect(holds({ "node_modules/a": installed["node_modules/a"] }, wanted)).toBe(false);
  expect(holds({}, { "node_modules/a": { version: "1.0.0" } })).toBe(false);
});

test("every test counts once, and a file that does not load counts as a failure", () => {
  const file = (/** @type {string} */ status, /** @type {string[]} */ ...tests) => ({
    status,
    assertionResults: tests.map((test) => ({ status: test })),
  });
  expect(countsOfVitest({ testResults: [] })).toEqual({ passed: 0, failed: 0, skipped: 0 });
  expect(
    countsOfVitest({
      testResults: [
        file("passed", "passed", "passed", "skipped", "pending", "todo"),
        file("failed", "passed", "failed", "failed"),
        file("failed"),
        file("failed", "passed", "skipped"),
      ],
    }),
  ).toEqual({ passed: 4, failed: 4, skipped: 4 });
});

test("counts are read in both forms, and are unknown where there is no file", async () => {
  const path = join(folder, "counts.json");
  expect(readCounts(path)).toBe(undefined);
  await writeFile(path, '{"passed":1,"failed":2,"skipped":3}');
  expect(readCounts(path)).toEqual({ passed: 1, failed: 2, skipped: 3 });
  await writeFile(path, '{"testResults":[{"status":"failed","assertionResults":[]}]}');
  expect(readCounts(path)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
