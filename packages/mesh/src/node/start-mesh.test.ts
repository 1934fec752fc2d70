import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigError, MeshError, ShapeError } from "@kindred/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/mesh`.
import { startMesh } from "../../dist/node/index.js";
import type { Mesh } from "../mesh.ts";

const program = (name: string) => new URL(`../../test-programs/${name}.mjs`, import.meta.url);

describe("a mesh of two", () => {
  let mesh: Mesh;
  const posted: unknown[] = [];
  beforeAll(async () => {
    const onMessage = (message: unknown, core: number) => posted.push([message, core]);
    mesh = await startMesh({ cores: 2, program: program("failing"), onMessage });
  });
  afterAll(() => mesh.close());

  test("passes each core its argument and gives the results in core order", async () => {
    expect(await mesh.call("echo", [{ a: 1 }, "b"])).toEqual([{ a: 1 }, "b"]);
  });

  test("runs calls that overlap one after another", async () => {
    const results = await Promise.all([
      mesh.call("sleep", [30, 1]),
      mesh.call("echo", [1, 2]),
      mesh.call("echo", [3, 4]),
    ]);
    expect(results).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
    ]);
  });

  test("moves what is in the transfer list instead of copying it", async () => {
    const arrays = [Float32Array.of(1, 2), Float32Array.of(3)];
    const transfer = arrays.map((array) => [array.buffer]);
    expect(await mesh.call("echo", arrays, { transfer })).toEqual([Float32Array.of(1, 2), Float32Array.of(3)]);
    expect(arrays.map((array) => array.length)).toEqual([0, 0]);
  });

  test("passes on what the cores post", async () => {
    await mesh.call("post", ["half", "done"]);
    expect(posted).toEqual(
      expect.arrayContaining([
        ["half", 0],
        ["done", 1],
      ]),
    );
  });

  test("refuses wrong calls by name, and goes on working", async () => {
    await expect(mesh.call("ecko", [1, 2])).rejects.toThrow(ConfigError);
    await expect(mesh.call("ecko", [1, 2])).rejects.toThrow(/Did you mean "echo"\?/);
    await expect(mesh.call("echo", [1])).rejects.toThrow(ShapeError);
    await expect(mesh.call("echo", [1, 2], { transfer: [[]] })).rejects.toThrow(/1 transfer lists, expected 2/);
    expect(await mesh.call("echo", [1, 2])).toEqual([1, 2]);
  });
});

test("closing in the middle of a call rejects the call, even if a core never listens", async () => {
  const mesh: Mesh = await startMesh({ cores: 2, program: program("failing") });
  const call = mesh.call("busy", [0, 0]);
  const rejected = expect(call).rejects.toThrow(/the mesh was closed/);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await mesh.close();
  await rejected;
  await mesh.close();
  await expect(mesh.call("echo", [1, 2])).rejects.toThrow(MeshError);
});

describe("handles", () => {
  /** Runs a script that has startMesh and `options` in a process of its own; fails if that does not end by itself. */
  const inProcess = async (script: string) => {
    const index = new URL("../../dist/node/index.js", import.meta.url).href;
    const prologue = `import { startMesh } from ${JSON.stringify(index)};
      const options = { cores: 2, program: new URL(${JSON.stringify(program("failing").href)}) };`;
    const parameters = ["--input-type=module", "--eval", prologue + script];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 20_000 });
    return stdout.trim();
  };

  test("an idle mesh does not keep the process alive", async () => {
    const script = `const mesh = await startMesh(options); console.log(...(await mesh.call("echo", [1, 2])));`;
    expect(await inProcess(script)).toBe("1 2");
  });

  test("a call that runs does", async () => {
    const script = `const mesh = await startMesh(options); mesh.call("sleep", [100, 100]).then((ids) => console.log(...ids));`;
    expect(await inProcess(script)).toBe("0 1");
  });

  test("closing an idle mesh leaves no handles", async () => {
    const script = `
      void [process.stdout, process.stderr]; // made at first use, which a worker's start may be
      const before = process.getActiveResourcesInfo();
      const mesh = await startMesh(options);
      await mesh.call("echo", [1, 2]);
      await mesh.close();
      await new Promise((resolve) => setImmediate(resolve));
      const left = process.getActiveResourcesInfo();
      for (const kind of before) if (left.includes(kind)) left.splice(left.indexOf(kind), 1);
      console.log(JSON.stringify(left));`;
    expect(JSON.parse(await inProcess(script))).toEqual([]);
  });
});
