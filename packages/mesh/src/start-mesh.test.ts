import { Worker as NodeWorker } from "node:worker_threads";
import { ConfigError, DataError, MeshError, WorkerError } from "@kindred/errors";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/mesh`.
import { startMesh, startPool } from "../dist/index.js";

const program = (name: string) => new URL(`../test-programs/${name}.mjs`, import.meta.url);

/** A web worker, as far as the adapter sees one, over one of Node's. */
class StandInWorker extends EventTarget {
  readonly #worker: NodeWorker;

  constructor(module: URL) {
    super();
    this.#worker = new NodeWorker(program("as-web-worker"), { workerData: module.href });
    this.#worker.on("message", (data) => this.dispatchEvent(Object.assign(new Event("message"), { data })));
    this.#worker.on("error", ({ message }) => {
      this.dispatchEvent(Object.assign(new Event("error"), { message, filename: "worker.js", lineno: 3 }));
    });
  }

  postMessage(message: unknown, transfer: readonly ArrayBuffer[]) {
    this.#worker.postMessage(message, transfer);
  }

  terminate() {
    void this.#worker.terminate();
  }
}

beforeAll(() => {
  vi.stubGlobal("Worker", StandInWorker);
  vi.stubGlobal("navigator", { hardwareConcurrency: 2 });
});
afterAll(() => vi.unstubAllGlobals());

describe("on web workers", () => {
  test("cores meet, and a core's own error surfaces", async () => {
    await using mesh = await startMesh({ cores: 2, program: program("collectives") });
    const steps = [1, 10].map((x) => [["allReduce", Float32Array.of(x)]]);
    expect(await mesh.call("run", steps)).toEqual([[Float32Array.of(11)], [Float32Array.of(11)]]);
    await using failing = await startMesh({ cores: 2, program: program("failing") });
    const work = { who: 1, how: "throw", when: "between" };
    await expect(failing.call("work", [work, work])).rejects.toThrow(DataError);
  });

  test("a core that leaves an error uncaught ends the mesh, with what the browser tells of it", async () => {
    await using mesh = await startMesh({ cores: 2, program: program("failing") });
    const died = mesh.call("asynchronously", [1, 1]);
    await expect(died).rejects.toThrow(MeshError);
    await expect(died).rejects.toThrow("core 1 ended by itself. Got pairs.jsonl:7: not JSON. (worker.js:3).");
  });

  test("a pool takes jobs, and replaces a worker that died", async () => {
    await using pool = await startPool<readonly unknown[], unknown>({ size: 1, program: program("pool") });
    const died = pool.run(["crash"]);
    const waiting = pool.run(["add", [1, 2]]);
    await expect(died).rejects.toThrow(WorkerError);
    expect(await waiting).toBe(3);
  });

  test("workers may bring their own program", async () => {
    const worker = () => new StandInWorker(program("own-core")) as unknown as Worker; // as far as the adapter sees one
    await using mesh = await startMesh({ cores: 2, program: { worker } });
    expect(await mesh.call("sum", [1, 2])).toEqual([3, 3]);
    const ofPool = () => new StandInWorker(program("own-worker")) as unknown as Worker; // likewise
    await using pool = await startPool<number, number>({ size: 1, program: { worker: ofPool }, data: 5 });
    expect(await pool.run(2)).toBe(7);
  });
});

test("a mesh of which one core cannot be started leaves none behind", async () => {
  const terminate = vi.spyOn(StandInWorker.prototype, "terminate");
  const worker = (core: number) => {
    if (core === 2) throw new RangeError("no room for another");
    return new StandInWorker(program("own-core")) as unknown as Worker; // as far as the adapter sees one
  };
  await expect(startMesh({ cores: 3, program: { worker } })).rejects.toThrow("no room for another");
  expect(terminate).toHaveBeenCalledTimes(2);
});

test("a page without shared memory is told what to do", async () => {
  const own = globalThis.SharedArrayBuffer;
  vi.stubGlobal("SharedArrayBuffer", undefined);
  const started = startMesh({ cores: 2, program: program("collectives") });
  vi.stubGlobal("SharedArrayBuffer", own);
  await expect(started).rejects.toThrow(ConfigError);
  await expect(started).rejects.toThrow("Cross-Origin-Embedder-Policy");
});
