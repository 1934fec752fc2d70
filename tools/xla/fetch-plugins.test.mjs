// Where plugins can't be had, that is said and is no failure: tests are skipped, or fail by REQUIRE_PJRT=1.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { root } from "../node-runtime.mjs";

const cache = mkdtempSync(join(tmpdir(), "kindred-plugins-"));
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** @param {readonly string[]} args @param {{ readonly [name: string]: string }} environment */
function fetch(args, environment) {
  const tool = join(root, "tools", "xla", "fetch-plugins.mjs");
  const env = { ...process.env, XDG_CACHE_HOME: cache, ...environment };
  const { status, stdout } = spawnSync(process.execPath, [tool, ...args], { encoding: "utf8", env });
  return { status, stdout };
}

test.runIf(process.platform === "linux" && process.arch === "x64")("says why there are none", () => {
  const none = fetch(["--json"], { PATH: "/nowhere" });
  expect(none.status).toBe(0);
  expect(JSON.parse(none.stdout)).toEqual({ plugins: [], why: expect.stringContaining("python3 is not installed") });
  // For ten minutes nobody tries again, but who asks for it by hand.
  expect(JSON.parse(fetch(["--json"], {}).stdout).why).toMatch(/python3 is not installed/);
  expect(fetch([], { PATH: "/nowhere" })).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^Missing plugins: python3/),
  });
});

test("asks nobody when it is only to say what is there", () => {
  expect(fetch(["--present"], { PATH: "/nowhere" })).toEqual({ status: 0, stdout: "" });
});
