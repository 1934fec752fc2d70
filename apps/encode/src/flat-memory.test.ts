import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { flatMemory } from "./flat-memory.ts";

const windowBytes = 2 ** 18;

/** What a job without this does after a window. */
const nothing = { afterWindow() {}, [Symbol.dispose]() {} };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: { readonly type: "minor" }) => void;

/** The most windows that are in memory at a time, while 40 become old and are done with, one after another. */
function mostWindows(make: () => typeof nothing): number {
  using memory = make();
  const { arrayBuffers: before } = process.memoryUsage();
  let most = 0;
  for (let window = 0; window < 40; window++) {
    const rows = new Uint8Array(windowBytes);
    for (let times = 0; times < 3; times++) collect({ type: "minor" });
    expect(rows).toHaveLength(windowBytes); // held until here, in which time it has become old
    memory.afterWindow();
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  return most / windowBytes;
}

test("windows that are done with do not pile up: eight and the one at work, where V8 leaves more", () => {
  // Other arrays, of the test runner, come and go: half a window is left to them.
  expect(mostWindows(flatMemory)).toBeLessThan(9.5);
  expect(mostWindows(() => nothing)).toBeGreaterThan(12);
});

/** By how much the room for young objects grows in a thread, while 64 MiB of them outlive a collection or two. */
async function growthOfYoung(make: () => typeof nothing): Promise<number> {
  const thread = new Worker(
    `const { parentPort } = require("node:worker_threads");
     const { getHeapSpaceStatistics } = require("node:v8");
     const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size;
     const allocate = (rounds) => { let held; for (let i = 0; i < rounds; i++) held = Array.from({ length: 10_000 }, (_, j) => ({ j, text: [i, j] })); return held; };
     allocate(3);
     const before = young();
     parentPort.once("message", () => { allocate(20); parentPort.postMessage(young() / before); });
     parentPort.postMessage("ready");`,
    { eval: true },
  );
  await once(thread, "message");
  using memory = make();
  memory.afterWindow();
  thread.postMessage("go on");
  const [growth] = (await once(thread, "message")) as [number];
  await thread.terminate();
  return growth;
}

test("from the first window on the room for young objects stays as it is, where V8 doubles it", async () => {
  expect(await growthOfYoung(flatMemory)).toBe(1);
  expect(await growthOfYoung(() => nothing)).toBeGreaterThanOrEqual(2);
});
