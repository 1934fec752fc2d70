import { ConfigError, DataError, MeshError, ShapeError } from "@kindred/errors";
import { afterEach, describe, expect, test } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/mesh`.
import { startMesh } from "../../dist/node/index.js";
import type { Mesh } from "../mesh.ts";

const program = (name: string) => new URL(`../../test-programs/${name}.mjs`, import.meta.url);
let mesh: Mesh | undefined;
afterEach(() => mesh?.close());

/** Starts a mesh, makes the call, and gives the error and how long it took to surface. */
async function failureOf(cores: number, method: string, argument: unknown, options: object = {}) {
  mesh = await startMesh({ cores, program: program("failing"), ...options });
  const started = performance.now();
  const error = await mesh.call(method, Array(cores).fill(argument)).then(
    () => undefined,
    (reason: unknown) => reason as Error & { details: Record<string, unknown> },
  );
  return { error: error!, milliseconds: performance.now() - started };
}

describe.each([1, 2, 4])("on %i cores", (cores) => {
  const who = cores - 1;

  test.each(["before", "between", "after"])(
    "a core's own error surfaces within a second: thrown %s collectives",
    async (when) => {
      const { error, milliseconds } = await failureOf(cores, "work", { who, how: "throw", when });
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toBe("pairs.jsonl:7: not JSON.");
      expect(error.stack).toContain("failing.mjs");
      expect(error.details).toEqual({ file: "pairs.jsonl", line: 7, core: who });
      expect(milliseconds).toBeLessThan(1000);
    },
  );

  test.each(["before", "between", "after"])(
    "process.exit in a core surfaces within a second: %s collectives",
    async (when) => {
      const { error, milliseconds } = await failureOf(cores, "work", { who, how: "exit", when });
      expect(error).toBeInstanceOf(MeshError);
      expect(error.message).toBe(`work: the thread of core ${who} ended by itself. Got exit code 3.`);
      expect(error.details["core"]).toBe(who);
      expect(milliseconds).toBeLessThan(1000);
    },
  );

  test("an error thrown by nobody's caller (a timer) surfaces with its class", async () => {
    const { error, milliseconds } = await failureOf(cores, "asynchronously", who);
    expect(error).toBeInstanceOf(DataError);
    expect(error.details).toEqual({ file: "pairs.jsonl", line: 7, core: who });
    expect(milliseconds).toBeLessThan(1000);
  });
});

test("any thrown value surfaces with its name and the core", async () => {
  const { error } = await failureOf(2, "work", { who: 0, how: "plain", when: "between" });
  expect(error).toMatchObject({ name: "RangeError", message: "out of range", details: { core: 0 } });
});

test("an error whose details cannot be cloned still surfaces", async () => {
  const { error } = await failureOf(2, "work", { who: 1, how: "unclonableDetails", when: "before" });
  expect(error.message).toBe("f: odd details.");
});

test("a core that runs out of memory surfaces as such", async () => {
  const options = { heapLimitBytes: 16 * 2 ** 20 };
  const { error } = await failureOf(2, "work", { who: 1, how: "outOfMemory", when: "between" }, options);
  expect(error).toBeInstanceOf(MeshError);
  expect(error.message).toMatch(/^work: the thread of core 1 ended by itself. Got too little memory \(/);
});

test("a result, an argument or a transfer list that cannot be sent is an error, not a hang", async () => {
  const { error } = await failureOf(2, "unclonable", 1);
  expect(error).toMatchObject({ name: "DataCloneError", details: { core: 1 } });
  mesh = await startMesh({ cores: 2, program: program("failing") });
  await expect(mesh.call("echo", [1, () => {}])).rejects.toMatchObject({ details: { core: 1 } });
});

describe("cores that disagree are told what each was about to do", () => {
  const two = Float32Array.of(1, 2);
  const cases: [string, readonly unknown[], readonly unknown[], RegExp][] = [
    ["another collective", ["allReduce", two], ["barrier"], /allReduce of 2 Float32 .*core 0 and barrier .*core 1/],
    [
      "another length",
      ["allReduce", two],
      ["allReduce", Float32Array.of(1)],
      /of 2 Float32 .* and allReduce of 1 Float32/,
    ],
    ["another type", ["allGather", two], ["allGather", Int32Array.of(1)], /of Float32 .* and allGather of Int32/],
    ["another root", ["broadcast", two, 0], ["broadcast", two, 1], /from core 0 .* from core 1/],
    ["other counts", ["reduceScatter", two], ["reduceScatter", two, { counts: [0, 2] }], /counts #/],
    ["a core that goes home", ["allReduce", two], [], /core 1 will not come|core 0 waiting while core 1 has finished/],
  ];
  test.each(cases)("%s", async (_title, zero, one, message) => {
    mesh = await startMesh({ cores: 2, program: program("collectives") });
    const agreed = ["allReduceScalar", 1];
    const steps = [zero, one].map((last) => [agreed, agreed, ...(last.length > 0 ? [last] : [])]);
    const error = await mesh.call("run", steps).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MeshError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/collective 3/);
  });
});

test("a wrong argument on one core names the argument and stops the others", async () => {
  mesh = await startMesh({ cores: 2, program: program("collectives") });
  const wrong = ["reduceScatter", Float32Array.of(1, 2), { counts: [5, 6] }];
  const error = mesh.call("run", [[wrong], [["barrier"]]]);
  await expect(error).rejects.toThrow(ShapeError);
});

test("a core that waits too long says for whom", async () => {
  const options = { program: program("failing"), collectiveTimeoutMs: 50 };
  mesh = await startMesh({ cores: 2, ...options });
  const error = await mesh.call("waitForOther", [200, 200]).catch((reason: unknown) => reason as Error);
  expect(error).toBeInstanceOf(MeshError);
  expect((error as Error).message).toMatch(/barrier \(collective 1\): core 0 waited too long for cores 1\./);
});

test("after a failure further calls are refused and say why", async () => {
  await failureOf(2, "work", { who: 1, how: "throw", when: "between" });
  const next = mesh!.call("echo", [1, 2]);
  await expect(next).rejects.toThrow(MeshError);
  await expect(next).rejects.toThrow(/the mesh is closed. Got method "echo" after: pairs.jsonl:7: not JSON/);
});

test("a core that dies between calls closes the mesh", async () => {
  mesh = await startMesh({ cores: 2, program: program("failing") });
  await mesh.call("idleThenExit", [1, 1]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expect(mesh.call("echo", [1, 2])).rejects.toThrow(/core 1 ended by itself. Got exit code 5/);
});

describe("starting", () => {
  const cores = 2;
  test("a program that fails at the start is its own error", async () => {
    const started = startMesh({ cores, program: program("failing"), data: { failAtStart: 1 } });
    await expect(started).rejects.toThrow(DataError);
    await expect(started).rejects.toThrow("start.jsonl:3: cannot start.");
  });

  test("a core that never gets ready is named", async () => {
    const options = { program: program("failing"), data: { hangAtStart: 1 }, startTimeoutMs: 400 };
    await expect(startMesh({ cores, ...options })).rejects.toThrow(/cores 1 are not ready. Got nothing in 400 ms/);
  });

  test("a program that is missing, or has no default export, is named", async () => {
    await expect(startMesh({ cores, program: program("nothing") })).rejects.toThrow(/nothing\.mjs/);
    const empty = new URL("data:text/javascript,export const a = 1");
    await expect(startMesh({ cores, program: empty })).rejects.toThrow(ConfigError);
  });

  test("a number of cores that is none is refused", async () => {
    await expect(startMesh({ cores: 0, program: program("failing") })).rejects.toThrow(ShapeError);
  });
});
