import { ConfigError, ShapeError } from "@kindred/errors";
import { describePlugins } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addition } from "../test-support/programs.ts";
import { type Client, openPlugin, PjrtError, type Plugin } from "./index.ts";

const classes = { f32: Float32Array, bf16: Uint16Array, i32: Int32Array, ui32: Uint32Array } as const;

describePlugins("a client", ({ path }) => {
  let plugin: Plugin;
  let client: Client;
  beforeAll(async () => {
    plugin = await openPlugin(path);
    client = plugin.client({ devices: 3 });
  });
  afterAll(() => client.close());

  test("has as many devices as were asked for, each with an id of its own", () => {
    expect(client.platform).toBe("cpu");
    expect(client.devices.map(({ kind, process }) => [kind, process])).toEqual(Array(3).fill(["cpu", 0]));
    expect(new Set(client.devices.map(({ id }) => id)).size).toBe(3);
    expect(client.allDevices).toEqual(client.devices);
    const one = plugin.client();
    expect(one.devices).toHaveLength(1);
    one.close();
  });

  test("gives back the bytes of every tensor that is put, of every type and shape, from every device", async () => {
    const tensor = fc.record({
      shape: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
      type: fc.constantFrom("f32", "bf16", "i32", "ui32"),
      device: fc.nat({ max: 2 }),
      offset: fc.nat({ max: 3 }),
      shared: fc.boolean(),
      seed: fc.nat(),
    } as const);
    await fc.assert(
      fc.asyncProperty(tensor, async ({ shape, type, device, offset, shared, seed }) => {
        const size = shape.reduce((product, each) => product * each, 1);
        const TypedArray = classes[type];
        const { BYTES_PER_ELEMENT } = TypedArray;
        const memory = new (shared ? SharedArrayBuffer : ArrayBuffer)((offset + size) * BYTES_PER_ELEMENT);
        const bytes = new Uint8Array(memory, offset * BYTES_PER_ELEMENT);
        bytes.forEach((_, i) => {
          bytes[i] = (seed + i * 37) & 255; // NaNs and denormals among the floats
        });
        const array = new TypedArray(memory as ArrayBuffer, offset * BYTES_PER_ELEMENT, size); // a view takes either memory
        const copy = bytes.slice();
        const place = client.devices[device];
        if (place === undefined) return expect.unreachable();
        const buffer = client.put(array, { shape, type, device: place });
        bytes.fill(0); // it was copied
        const [into, intoSync] = [new TypedArray(size), new TypedArray(size)];
        expect(await buffer.read(into)).toBe(into);
        buffer.readSync(intoSync);
        expect(new Uint8Array(into.buffer)).toEqual(copy);
        expect(new Uint8Array(intoSync.buffer)).toEqual(copy);
        expect([buffer.device, buffer.shape, buffer.type, buffer.bytes]).toEqual([place, shape, type, copy.length]);
        buffer.dispose();
        buffer.dispose();
        expect(buffer.isDeleted).toBe(true);
      }),
    );
    expect(client.live).toEqual({ buffers: 0, bytes: 0, programs: 0 });
  });

  test("puts bools as bytes", () => {
    const buffer = client.put(Uint8Array.of(1, 0, 1), { shape: [3] });
    expect(buffer.type).toBe("i1");
    expect(buffer.readSync(new Uint8Array(3))).toEqual(Uint8Array.of(1, 0, 1));
    buffer.dispose();
  });

  test("many reads at once end, each with its own numbers, while timers and files go on", async () => {
    const buffers = Array.from({ length: 200 }, (_, i) => client.put(Float32Array.of(i), { shape: [] }));
    const { readFile } = await import("node:fs/promises");
    const [read] = await Promise.all([
      Promise.all(buffers.map((buffer) => buffer.read(new Float32Array(1)))),
      readFile(new URL(import.meta.url)),
    ]);
    expect(read.map(([value]) => value)).toEqual(buffers.map((_, i) => i));
    for (const buffer of buffers) buffer.dispose();
  });

  test("a buffer may be disposed while it is read", async () => {
    const array = Float32Array.from({ length: 2 ** 20 }, (_, i) => i);
    const buffer = client.put(array, { shape: [array.length] });
    const reading = buffer.read(new Float32Array(array.length));
    buffer.dispose();
    expect(Buffer.from((await reading).buffer).equals(Buffer.from(array.buffer))).toBe(true);
  });

  test("closing ends reads, frees everything, and makes later use an error", async () => {
    const own = plugin.client();
    const buffer = own.put(Float32Array.of(1, 2, 3, 4), { shape: [4] });
    const program = own.compile({ text: addition });
    const [sum] = program.execute([[buffer, buffer]])[0] ?? [];
    const reading = sum?.read(new Float32Array(4));
    own.close();
    own.close();
    expect(await reading).toEqual(Float32Array.of(2, 4, 6, 8));
    expect([own.isOpen, own.live]).toEqual([false, { buffers: 0, bytes: 0, programs: 0 }]);
    const closed = { code: "FAILED_PRECONDITION", message: expect.stringMatching(/client was closed/) };
    expect(() => own.put(Float32Array.of(1), { shape: [] })).toThrow(expect.objectContaining(closed));
    expect(() => own.compile({ text: addition })).toThrow(expect.objectContaining(closed));
    expect(() => own.load(new Uint8Array(1), { text: addition })).toThrow(expect.objectContaining(closed));
    expect(() => program.execute([[buffer, buffer]])).toThrow(expect.objectContaining(closed));
    expect(() => program.serialize()).toThrow(expect.objectContaining(closed));
    expect(() => buffer.readSync(new Float32Array(4))).toThrow(expect.objectContaining(closed));
    await expect(buffer.ready()).rejects.toMatchObject(closed);
    buffer.dispose();
    program.dispose();
  });

  describe("refuses", () => {
    const put = (array: Float32Array | Int32Array, shape: number[], type?: "f32" | "bf16") => () =>
      client.put(array, { shape, ...(type === undefined ? {} : { type }) });

    test("an array of another length, class or type than the tensor", () => {
      expect(put(new Float32Array(3), [2, 2])).toThrow(ShapeError);
      expect(put(new Float32Array(3), [2, 2])).toThrow("Got Float32Array(3), expected Float32Array(4)");
      expect(put(new Int32Array(4), [2, 2], "f32")).toThrow("Got Int32Array(4), expected Float32Array(4)");
      expect(put(new Float32Array(4), [4], "bf16")).toThrow("expected Uint16Array(4)");
      // @ts-expect-error a Float64Array is no array of ours
      expect(() => client.put(new Float64Array(4), { shape: [4], type: "f32" })).toThrow(/Got Float64Array\(4\)/);
    });

    test("a shape that is none", () => {
      expect(put(new Float32Array(0), [-1, 0])).toThrow(/no shape/);
      expect(put(new Float32Array(1), [0.5, 2])).toThrow(/no shape/);
      expect(put(new Float32Array(1), [2 ** 31, 2 ** 31])).toThrow(ShapeError);
    });

    test("an array whose memory may move", () => {
      const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer; // newer than the lib's types
      expect(put(new Float32Array(new Resizable(16, { maxByteLength: 32 })), [4])).toThrow(/may move/);
    });

    test("an array to read into of another length or class", async () => {
      const buffer = client.put(Float32Array.of(1, 2), { shape: [2] });
      await expect(buffer.read(new Float32Array(3))).rejects.toThrow(ShapeError);
      expect(() => buffer.readSync(new Int32Array(2))).toThrow(/Got Int32Array\(2\), expected Float32Array\(2\)/);
      buffer.dispose();
    });

    test("the device of another client", () => {
      const other = plugin.client();
      const [device] = other.devices;
      if (device === undefined) return expect.unreachable();
      expect(() => client.put(Float32Array.of(1), { shape: [1], device })).toThrow(PjrtError);
      expect(() => client.put(Float32Array.of(1), { shape: [1], device })).toThrow(/none of this client's/);
      other.close();
    });

    test("a buffer that is gone, by what became of it", async () => {
      const buffer = client.put(Float32Array.of(1, 2), { shape: [2] });
      buffer.dispose();
      await expect(buffer.read(new Float32Array(2))).rejects.toThrow(/Got a f32\[2\] that was disposed/);
      expect(() => buffer.readSync(new Float32Array(2))).toThrow(PjrtError);
      await expect(buffer.ready()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    });

    test("counts of devices that would end the process", () => {
      for (const devices of [0, -1, 1.5, 100_000, Number.NaN]) {
        expect(() => plugin.client({ devices })).toThrow(ConfigError);
        expect(() => plugin.client({ devices })).toThrow(/expected 1 to 1024/);
      }
    });

    test("several GPU hosts", () => {
      expect(() => plugin.client({ options: { num_nodes: 2, node_id: 1 } })).toThrow(ConfigError);
      expect(() => plugin.client({ options: { num_nodes: 2 } })).toThrow(/several hosts.*Got num_nodes = 2/);
    });

    test("a topology: CPU plugins have none", () => {
      expect(() => plugin.topology("v3:2x2")).toThrow(PjrtError);
    });
  });
});
