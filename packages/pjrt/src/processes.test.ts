// What a process does as a whole: how it ends, how it grows, what it prints. Each in a child, where a crash is an exit code.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describePlugins } from "@kindred/testing";
import { expect, test } from "vitest";
import { addition, longWork, updateOf } from "../test-support/programs.ts";

/** The heap of young objects stays as it begins, so that growth is the native side's. */
const flags = ["--expose-gc", "--max-semi-space-size=1"];

function runProgram(name: string, args: readonly string[], environment: { readonly [name: string]: string } = {}) {
  const file = fileURLToPath(new URL(`../test-programs/${name}.mjs`, import.meta.url));
  const { XLA_FLAGS: _, TF_CPP_MIN_LOG_LEVEL: __, ...own } = process.env;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, file, ...args], {
    encoding: "utf8",
    env: { ...own, ...environment },
  });
  return { status, signal, stdout, stderr };
}

describePlugins("a process", ({ path }) => {
  test("ends well when a plugin was loaded, and when a client is open", () => {
    for (const way of ["loaded", "client"])
      expect(runProgram("in-flight", [path, way, addition])).toEqual({
        status: 0,
        signal: null,
        stdout: "begun\n",
        stderr: "",
      });
  });

  test("that ends while a program runs keeps its exit code and its message", () => {
    const text = longWork(1024, 20); // some 43 GFLOP: a fifth of a second on two cores
    const end = (way: string) => runProgram("in-flight", [path, way, text]);
    expect(end("natural")).toEqual({ status: 0, signal: null, stdout: "begun\n", stderr: "" });
    expect(end("exit")).toEqual({ status: 7, signal: null, stdout: "begun\n", stderr: "" });
    expect(end("reading")).toEqual({ status: 7, signal: null, stdout: "begun\n", stderr: "" });
    const thrown = end("throw");
    expect(thrown).toMatchObject({ status: 1, signal: null, stdout: "begun\n" });
    expect(thrown.stderr).toMatch(/Error: on purpose\n +at /);
  });

  test("does not grow in 10,000 calls", () => {
    const { status, stdout } = runProgram("many-calls", [path, "10000", updateOf("4096x")]);
    expect(status).toBe(0);
    const { grewMiB, live } = JSON.parse(stdout);
    expect(live).toEqual({ buffers: 1, programs: 1 });
    // One buffer a call would be 10,000 × 16 KiB = 156 MiB. malloc itself settles: measured 1 to 2 MiB, 7 after 40,000 calls and after 200,000.
    expect(grewMiB).toBeLessThan(8);
  });

  test("that collects garbage at every turn computes what it should", () => {
    const { status, stdout } = runProgram("collected", [path, addition]);
    expect([status, stdout]).toEqual([0, '{"wrong":0}\n']);
  });

  test("uses a plugin in worker threads too, and ends well", () => {
    const { status, stdout } = runProgram("in-worker", [path, addition]);
    expect([status, stdout]).toEqual([0, `${JSON.stringify(Array(4).fill([2, 4, 6, 8]))}\n`]);
  });

  test("whose XLA_FLAGS would end it is told so, and known flags are obeyed", () => {
    const unknown = runProgram("in-flight", [path, "client", addition], {
      XLA_FLAGS: "--xla_dump_hlo_as_text --xla_nonsense=1",
    });
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toMatch(/ConfigError: openPlugin: XLA_FLAGS .*Got --xla_nonsense, expected/);
    const known = runProgram("in-flight", [path, "client", addition], {
      XLA_FLAGS: "--xla_cpu_enable_fast_math=false",
    });
    expect(known).toMatchObject({ status: 0, stderr: "" });
  });
});
