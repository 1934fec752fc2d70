import { ConfigError, ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, expect, test } from "vitest";
import {
  activeEngine,
  cpu,
  defineEngine,
  engineFromModule,
  moduleOfEngine,
  type RunningEngine,
  tfjs,
} from "./index.ts";

const running: RunningEngine[] = [];
const start = async (engine: { start: () => Promise<RunningEngine> }) => {
  const started = await engine.start();
  running.push(started);
  return started;
};
afterEach(() => {
  for (const engine of running.splice(0)) engine.stop();
});
// So that no law waits for the first start of all.
beforeAll(async () => (await tfjs().start()).stop());

/** An engine that says when it is entered and left. */
function watched(name: string, events: string[]) {
  const parts = cpu()
    .load()
    .then((of) => ({
      ...of,
      description: name,
      enter: () => {
        events.push(`+${name}`);
        return () => events.push(`-${name}`);
      },
    }));
  return defineEngine({ name, load: () => parts });
}

test("without an engine that runs, the active one is refused", () => {
  expect(() => activeEngine()).toThrow(ConfigError);
  expect(() => activeEngine()).toThrow("activeEngine: no engine runs in this thread. Got none, expected");
});

test("the newest engine is active, and whoever stops gives back to the newest that is left", async () => {
  const one = await start(tfjs());
  expect([activeEngine().description, tf.getBackend()]).toEqual(["tfjs wasm", "wasm"]);
  const two = await start(cpu());
  expect([activeEngine(), tf.getBackend()]).toEqual([two, "cpu"]);
  const three = await start(tfjs());
  one.stop();
  one.stop();
  expect(activeEngine()).toBe(three);
  three.stop();
  expect([activeEngine(), tf.getBackend()]).toEqual([two, "cpu"]);
});

test("in any order of starts and stops the active engine is the newest that is left, and it alone was entered and not left", async () => {
  const events: string[] = [];
  const engines = ["a", "b", "c"].map((name) => watched(name, events));
  const steps = fc.array(fc.oneof(fc.constantFrom(...engines), fc.nat(9)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (moves) => {
      events.length = 0;
      const left: RunningEngine[] = [];
      for (const move of moves) {
        if (typeof move !== "number") left.push(await move.start());
        else for (const stopped of left.splice(move, 1)) stopped.stop();
        const newest = left.at(-1);
        if (newest === undefined) expect(() => activeEngine()).toThrow(ConfigError);
        else expect(activeEngine()).toBe(newest);
        const within =
          events.filter((event) => event.startsWith("+")).length - events.filter((e) => e.startsWith("-")).length;
        expect(within).toBe(newest === undefined ? 0 : 1);
        if (newest !== undefined) expect(events.at(-1)).toBe(`+${newest.description}`);
      }
      for (const engine of left) engine.stop();
    }),
  );
});

test("one that runs already is not entered again", async () => {
  const events: string[] = [];
  const engine = watched("a", events);
  await start(engine);
  await Promise.all([start(engine), start(engine)]);
  expect(events).toEqual(["+a"]);
});

test("an engine that does not load leaves the former one active", async () => {
  const former = await start(cpu());
  const broken = defineEngine({
    name: "broken",
    load: async () => {
      await tf.setBackend("wasm");
      throw new Error("no device");
    },
  });
  await expect(broken.start()).rejects.toThrow("no device");
  expect([activeEngine(), tf.getBackend()]).toEqual([former, "cpu"]);
});

test("an engine that can't be entered leaves the former one active, entered again", async () => {
  const events: string[] = [];
  const former = await start(watched("a", events));
  const enter = () => {
    throw new Error("device lost");
  };
  const broken = defineEngine({ name: "broken", load: async () => ({ ...(await tfjs().load()), enter }) });
  for (let i = 0; i < 2; i++) await expect(broken.start()).rejects.toThrow("device lost");
  expect([activeEngine(), tf.getBackend()]).toEqual([former, "cpu"]);
  expect(events).toEqual(["+a", "-a", "+a", "-a", "+a"]);
});

test("back and forth, tensors go with the ops", async () => {
  await start(tfjs());
  const x = tf.tensor1d([1, 2, 3]);
  for (const engine of [cpu(), tfjs(), cpu()]) {
    await start(engine);
    expect([...tf.add(x, 1).dataSync()]).toEqual([2, 3, 4]);
  }
  x.dispose();
});

test("lays out sentences of any lengths end to end, with their places in the global batch", async () => {
  const { layout } = await start(cpu());
  const batch = fc.array(fc.tuple(fc.nat(9), fc.nat(99)), { minLength: 1 });
  fc.assert(
    fc.property(batch, (sentences) => {
      const lengths = Int32Array.from(sentences, ([length]) => length);
      const numbers = Int32Array.from(sentences, ([, number]) => number);
      const made = layout(lengths, numbers);
      expect([made.data.lengths, made.data.numbers]).toEqual([lengths, numbers]);
    }),
  );
});

test.each([cpu(), tfjs()])("$name reads and writes in place, and says how full it is", async (engine) => {
  const { write, read, readSync, memory } = await start(engine);
  const before = memory();
  const x = tf.zeros([4]);
  expect([memory().tensors - before.tensors, memory().bytes - before.bytes]).toEqual([1, 16]);
  write(x, Float32Array.of(7, 8), 1);
  const into = new Float32Array(new SharedArrayBuffer(24)).fill(-1);
  await read(x, into, 1);
  expect([...into]).toEqual([-1, 0, 7, 8, 0, -1]);
  readSync?.(x, into);
  expect([...into]).toEqual([0, 7, 8, 0, 0, -1]);
  expect(() => write(x, new Float32Array(5))).toThrow(ShapeError);
  x.dispose();
  expect(memory()).toEqual(before);
});

test.each([cpu(), tfjs({ memoryLimitBytes: 2 ** 20 })])(
  "$name is found by its module in another thread",
  async (engine) => {
    const module = structuredClone(moduleOfEngine("train", engine));
    const found = await engineFromModule(module);
    expect([found.name, found.module]).toEqual([engine.name, engine.module]);
    expect((await start(found)).memory().limitBytes).toBe((await start(engine)).memory().limitBytes);
  },
);

test("an engine without a module, and a module without an engine, are refused by name", async () => {
  const here = { name: "mine", start: cpu().start };
  expect(() => moduleOfEngine("train", here)).toThrow(ConfigError);
  expect(() => moduleOfEngine("train", here)).toThrow(
    `train: other threads can't find the engine. Got "mine" without a module`,
  );
  const moduleOf = (source: string) => ({ url: `data:text/javascript,${encodeURIComponent(source)}` });
  for (const [source, got] of [
    ["export const a = 1;", "no default export"],
    ["export default 7;", "a default export that is a number"],
    ["export default () => ({});", "a default export that is a function"],
  ] as const) {
    const loading = engineFromModule(moduleOf(source));
    await expect(loading).rejects.toThrow(ConfigError);
    await expect(loading).rejects.toThrow(`engineFromModule: the module makes no engine. Got ${got} in data:`);
  }
});
