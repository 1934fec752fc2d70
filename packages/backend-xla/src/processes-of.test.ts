import { ConfigError } from "@kindred/errors";
import type { Client, CompileOptions, Device } from "@kindred/pjrt";
import { allReduce } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Programs } from "./compiler.ts";
import { partsOnClient } from "./parts-on-client.ts";
import { processesOf } from "./processes-of.ts";

const device = (id: number, process: number): Device => {
  return { id, kind: "toy", description: "", process, attributes: {}, memory: () => undefined };
};
/** Host `process` of some, with so many devices each. */
const hosts = (counts: readonly number[], process: number) => {
  const allDevices = counts.flatMap((count, host) =>
    Array.from({ length: count }, (_, i) => device(10 * host + i, host)),
  );
  return { process, allDevices, devices: allDevices.filter((each) => each.process === process) };
};

test("a process is one of as many as hold equal shares of the devices", () => {
  expect(processesOf(hosts([3], 0), 2)).toEqual({ index: 0, count: 1 });
  expect(processesOf(hosts([4, 4], 1), 4)).toEqual({ index: 1, count: 2 });
  expect(processesOf(hosts([1, 1, 1], 2), 1)).toEqual({ index: 2, count: 3 });
});

test("refuses hosts that are not alike, and a part of a host's devices", () => {
  expect(() => processesOf(hosts([4, 2], 0), 4)).toThrow(ConfigError);
  expect(() => processesOf(hosts([2, 4, 6], 1), 4)).toThrow(/Got 4 of 4 devices of this host, 12 of all hosts/);
  expect(() => processesOf(hosts([4, 4], 0), 2)).toThrow(/Got 2 of 4 devices.*Leave devices out/);
});

test("what runs together is compiled for the devices of all processes, and called with this one's", async () => {
  const compiled: { readonly text: string; readonly options: CompileOptions }[] = [];
  const calls: number[] = [];
  const { devices, ...others } = hosts([2, 2], 1);
  const buffer = { isDeleted: false, readSync: (into: Float32Array) => into, dispose: () => {} };
  const client = {
    ...{ platform: "tpu", version: "1", devices, ...others },
    put: (_: unknown, { shape, device: at }: { shape: number[]; device: Device }) => ({
      ...buffer,
      shape,
      type: "f32",
      device: at,
    }),
    compile: ({ text }: { text: string }, options: CompileOptions) => {
      compiled.push({ text, options });
      const execute = (lists: readonly (readonly object[])[]) => {
        calls.push(lists.length);
        return lists.map((_, d) => [{ ...buffer, shape: [2], type: "f32", device: devices[d] }]);
      };
      return { execute, dispose: () => {} };
    },
  } as unknown as Client; // all of one that an engine uses
  const programs = new Programs({ client, portable: true, folder: undefined, onCompile: () => {} });
  const { parts } = await partsOnClient({ client, count: 2, products: "float32", programs });
  const { backend, running } = parts;
  await tf.setBackend(backend);
  expect(running.devices?.processes).toEqual({ index: 1, count: 2 });
  running.devices?.together((own) => allReduce(tf.tensor1d([own, 1]), { index: 2 + own, size: 4 }));
  expect(compiled.map(({ options }) => options)).toEqual([{ replicas: 4 }]);
  expect(compiled[0]?.text).toContain("dense<[[0, 1, 2, 3]]>");
  expect(calls).toEqual([2]);
});
