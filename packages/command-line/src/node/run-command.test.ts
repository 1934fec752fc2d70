import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageVersion, xlaTunables } from "./index.ts";

// A command beside which npm has brought a Node: in truth the one that runs it, under a name that the command prints.
const compiled = new URL("../../dist/node/index.js", import.meta.url).href; // Node 20 reads no TypeScript
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-run-command-"));
  const npm = join(folder, "node_modules", `node-${process.platform}-${process.arch}`);
  mkdirSync(join(npm, "bin"), { recursive: true });
  writeFileSync(join(npm, "package.json"), "{}");
  writeFileSync(join(npm, "bin", "node"), `#!/bin/sh\nexec "$TESTED_NODE" --title=npm "$@"\n`, { mode: 0o755 });
  writeFileSync(
    join(folder, "main.mjs"),
    `import { writeFileSync } from "node:fs";
import { exitCodeOf } from ${JSON.stringify(compiled)};
export async function main(argv) {
  if (argv[0] === "wait") {
    writeFileSync(argv[1], "begun");
    const timer = setTimeout(() => {}, 20_000);
    await exitCodeOf((signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())).then(() => writeFileSync(argv[1], String(signal.reason))));
    return clearTimeout(timer);
  }
  if (argv[0] === "tunables") return void console.log(JSON.stringify({ tunables: process.env.GLIBC_TUNABLES, argv, flags: process.execArgv }));
  console.log(JSON.stringify({ onNpmNode: process.title === "npm", argv }));
  if (argv[0] === "kill") process.kill(process.pid, argv[1]);
  if (argv[0] === "kill") await new Promise((resolve) => setTimeout(resolve, 60_000));
  return argv.length;
}`,
  );
  writeFileSync(
    join(folder, "bin.mjs"),
    `import { runCommand } from ${JSON.stringify(compiled)};
if (process.title === "npm") Object.defineProperty(process.versions, "node", { value: "24.0.0" });
await runCommand(new URL("./main.mjs", import.meta.url));`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runBin(node: string, ...args: string[]) {
  const { status, stdout } = spawnSync(node, [join(folder, "bin.mjs"), ...args], {
    encoding: "utf8",
    env: { ...process.env, TESTED_NODE: node },
  });
  return { code: status, ...(JSON.parse(stdout) as { onNpmNode: boolean; argv: string[] }) };
}

const isNew = Number(process.versions.node.split(".")[0]) >= 24;
const old = isNew ? node20() : process.execPath;

/** The Node 20 that npm has brought for tests, where there is one for this platform. */
function node20(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node20-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), "bin", "node");
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

describe.skipIf(old === undefined || process.platform === "win32")("on a Node older than 24", () => {
  test("a command is handed to the Node that npm has brought, with its arguments and exit code", () => {
    expect(runBin(old!, "a", "--b")).toEqual({ code: 2, onNpmNode: true, argv: ["a", "--b"] });
  });

  test("a command that a signal ends has the code 128 + its number", () => {
    expect(runBin(old!, "kill", "SIGKILL").code).toBe(128 + 9);
  });

  test.each(["--own-node", "--own_node", "--ownNode"])("with %s anywhere before -- it stays where it is", (flag) => {
    expect(runBin(old!, "a", flag, "--", "b")).toEqual({ code: 3, onNpmNode: false, argv: ["a", "--", "b"] });
  });

  test("after -- --own-node is text", () => {
    expect(runBin(old!, "--", "--own-node")).toEqual({ code: 2, onNpmNode: true, argv: ["--", "--own-node"] });
  });
});

test.runIf(isNew)("on Node 24 a command stays where it is, and main does not see --own-node", () => {
  expect(runBin(process.execPath, "a", "--own-node")).toEqual({ code: 1, onNpmNode: false, argv: ["a"] });
});

describe.skipIf(process.platform !== "linux")("glibc is told how to take memory", () => {
  const told = (given: string | undefined, ...args: string[]) => {
    const { GLIBC_TUNABLES: _, ...others } = process.env;
    const env = { ...others, TESTED_NODE: process.execPath, ...(given !== undefined && { GLIBC_TUNABLES: given }) };
    const bin = ["--max-semi-space-size=2", join(folder, "bin.mjs"), "tunables", ...args, "--own-node"];
    const { stdout } = spawnSync(process.execPath, bin, { encoding: "utf8", env });
    return JSON.parse(stdout) as { tunables?: string; argv: string[]; flags: string[] };
  };
  test.each([[["--backend", "xla"]], [["--backend=xla"]]])("by %j", (args) => {
    expect(told(undefined, ...args)).toEqual({
      tunables: xlaTunables,
      argv: ["tunables", ...args],
      flags: ["--max-semi-space-size=2"],
    });
  });

  test("only for XLA, and not where the user has told it something", () => {
    expect(told(undefined, "--backend", "wasm").tunables).toBeUndefined();
    expect(told(undefined, "xla").tunables).toBeUndefined();
    expect(told("glibc.malloc.check=0", "--backend", "xla").tunables).toBe("glibc.malloc.check=0");
  });
});

/** What a command that waits has written into a file: at once, and once it has heard of its end. */
async function heard(file: string, word: string): Promise<void> {
  const read = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  for (let tries = 0; tries < 200 && read() !== word; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(read()).toBe(word);
}

describe.skipIf(process.platform !== "linux")("a command hears, as a SIGTERM, of the end by kill -9", () => {
  test.skipIf(old === undefined)("of the other Node that started it", async () => {
    const file = join(folder, "of-node");
    const env = { ...process.env, TESTED_NODE: old };
    const starter = spawn(old!, [join(folder, "bin.mjs"), "wait", file], { env, stdio: "ignore" });
    await heard(file, "begun");
    starter.kill("SIGKILL");
    await heard(file, "SIGTERM");
  });

  test("of npm, over the shell between them", async () => {
    const file = join(folder, "of-npm");
    const shell = `${JSON.stringify(process.execPath)} ${join(folder, "bin.mjs")} wait ${file} --own-node; true`;
    const npm = `require("node:child_process").spawn("sh", ["-c", process.argv[1]], { stdio: "ignore" }); setTimeout(() => {}, 20000)`;
    const env = { ...process.env, npm_execpath: "npm" };
    const starter = spawn(process.execPath, ["-e", npm, shell], { env, stdio: "ignore" });
    await heard(file, "begun");
    starter.kill("SIGKILL");
    await heard(file, "SIGTERM");
  });
});

test("this package has the version that npm gives it", () => {
  expect(packageVersion(new URL("../../package.json", import.meta.url))).toMatch(/^\d+\.\d+\.\d+$/);
});
