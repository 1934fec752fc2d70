import { ConfigError, FormatError, ShapeError } from "@kindred/errors";
import { describePlugins } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { addition, allReduce, mainText, update } from "../test-support/programs.ts";
import {
  type Client,
  type Device,
  type DeviceBuffer,
  type Executable,
  openPlugin,
  PjrtError,
  type Plugin,
} from "./index.ts";

const four = [1, 2, 3, 4];

describePlugins("a program", ({ path }) => {
  let plugin: Plugin;
  let client: Client;
  beforeAll(async () => {
    plugin = await openPlugin(path);
    client = plugin.client({ devices: 8 });
  });
  afterAll(() => client.close());
  const made: { dispose(): void }[] = [];
  const keep = <Made extends { dispose(): void }>(value: Made) => {
    made.push(value);
    return value;
  };
  afterEach(() => {
    for (const value of made.splice(0)) value.dispose();
    expect(client.live).toEqual({ buffers: 0, bytes: 0, programs: 0 });
  });
  const put = (values: readonly number[], device?: Device) =>
    keep(
      client.put(Float32Array.from(values), { shape: [values.length], ...(device === undefined ? {} : { device }) }),
    );
  const compile = (text: string, options = {}) => keep(client.compile({ text }, options));
  const run = (program: Executable, buffers: DeviceBuffer[][], options = {}) =>
    program.execute(buffers, options).map((list) => list.map((buffer) => keep(buffer)));
  const values = (lists: DeviceBuffer[][]) =>
    lists.map((list) => list.map((b) => [...b.readSync(new Float32Array(4))]));
  const device = (i: number) => client.devices[i] ?? expect.unreachable();

  test("computes, and says what it takes, gives and needs", () => {
    const program = compile(addition);
    expect(values(run(program, [[put(four), put([10, 20, 30, 40])]]))).toEqual([[[11, 22, 33, 44]]]);
    const tensor = { shape: [4], type: "f32" };
    expect(program.parameters).toEqual([
      { ...tensor, donated: false },
      { ...tensor, donated: false },
    ]);
    expect(program.outputs).toEqual([tensor]);
    expect(program.memory()).toMatchObject({ arguments: 32, outputs: 16, aliased: 0 });
    const { flops, all } = program.cost();
    expect(flops ?? 4).toBe(4);
    expect(Object.keys(all).length > 0).toBe(flops !== undefined);
    expect(program.devices).toEqual([device(0)]);
  });

  test("one without arguments or outputs runs too", () => {
    const constant = mainText(0, "    %0 = stablehlo.constant dense<7.0> : TENSOR\n    return %0");
    expect(values(run(compile(constant), [[]]))).toEqual([[[7, 7, 7, 7]]]);
    expect(run(compile("module { func.func public @main(%a: tensor<4xf32>) { return } }"), [[put(four)]])).toEqual([
      [],
    ]);
  });

  test("passes bfloat16 and bools", async () => {
    const text = `module { func.func public @main(%a: tensor<2xbf16>, %p: tensor<2xi1>) -> (tensor<2xbf16>, tensor<2xi1>) {
      %0 = stablehlo.add %a, %a : tensor<2xbf16>
      %1 = stablehlo.not %p : tensor<2xi1>
      return %0, %1 : tensor<2xbf16>, tensor<2xi1> } }`;
    const a = keep(client.put(Uint16Array.of(0x3f80, 0xbfc0), { shape: [2] })); // 1, −1.5
    const p = keep(client.put(Uint8Array.of(1, 0), { shape: [2] }));
    const [[sum, not] = []] = run(compile(text), [[a, p]]);
    expect(await sum?.read(new Uint16Array(2))).toEqual(Uint16Array.of(0x4000, 0xc040)); // 2, −3
    expect(await not?.read(new Uint8Array(2))).toEqual(Uint8Array.of(0, 1));
  });

  test("gives a transposed output row by row", () => {
    const text = `module { func.func public @main(%a: tensor<2x3xf32>) -> tensor<3x2xf32> {
      %0 = stablehlo.transpose %a, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
      return %0 : tensor<3x2xf32> } }`;
    const a = keep(client.put(Float32Array.of(1, 2, 3, 4, 5, 6), { shape: [2, 3] }));
    const [[b] = []] = run(compile(text), [[a]]);
    expect(b?.readSync(new Float32Array(6))).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
  });

  describe("donation", () => {
    test("takes the memory of an argument, which is gone then; the others are not", () => {
      const program = compile(update);
      expect(program.memory().aliased).toBe(16);
      expect(compile(update.replace(" {tf.aliasing_output = 0 : i32}", "")).memory().aliased).toBe(0); // it is the mark that does it
      const [weight, gradient] = [put(four), put([2, 2, 2, 2])];
      expect(values(run(program, [[weight, gradient]]))).toEqual([[[0, 1, 2, 3]]]);
      expect([weight.isDeleted, gradient.isDeleted]).toEqual([true, false]);
      expect(() => weight.readSync(new Float32Array(4))).toThrow(/was donated.*Use the output/);
      expect(() => program.execute([[weight, gradient]])).toThrow(PjrtError);
    });

    test("a hundred steps without a wait are a hundred steps", async () => {
      const program = compile(update);
      const gradient = put([2, 2, 2, 2]);
      let weight = put([0, 0, 0, 0]);
      for (let step = 0; step < 100; step++) [[weight = weight] = []] = program.execute([[weight, gradient]]);
      expect(await keep(weight).read(new Float32Array(4))).toEqual(Float32Array.of(-100, -100, -100, -100));
    });

    test("of a buffer that is being read leaves the reader its numbers", async () => {
      const weight = put(four);
      const reading = weight.read(new Float32Array(4));
      run(compile(update), [[weight, put(four)]]);
      expect(await reading).toEqual(Float32Array.from(four));
    });

    test("of a buffer that is given twice is refused, and it survives", () => {
      const weight = put(four);
      const program = compile(update);
      expect(() => program.execute([[weight, weight]])).toThrow(/twice.*arguments 0 and 1/);
      expect(weight.readSync(new Float32Array(4))).toEqual(Float32Array.from(four));
      expect(values(run(compile(addition), [[weight, weight]]))).toEqual([[[2, 4, 6, 8]]]);
    });
  });

  test("arguments and the program may be disposed as soon as it was called", async () => {
    const [a, b] = [put(four), put(four)];
    const program = compile(addition);
    const [[sum] = []] = run(program, [[a, b]]);
    a.dispose();
    b.dispose();
    program.dispose();
    expect(await sum?.read(new Float32Array(4))).toEqual(Float32Array.of(2, 4, 6, 8));
  });

  describe("on many devices", () => {
    test("replicas meet: each has the sum of what all gave", () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 8 }), fc.nat({ max: 100 }), (replicas, seed) => {
          const program = client.compile({ text: allReduce(replicas) }, { replicas });
          const rows = Array.from({ length: replicas }, (_, d) => [seed + d, d, 1, 0]);
          const buffers = rows.map((row, d) => [put(row, device(d))]);
          const sum = four.map((_, i) => rows.reduce((total, row) => total + (row[i] ?? 0), 0));
          const outputs = run(program, buffers);
          expect(values(outputs)).toEqual(rows.map(() => [sum]));
          expect(outputs.map(([output]) => output?.device)).toEqual(client.devices.slice(0, replicas));
          program.dispose();
        }),
        { numRuns: 10 },
      );
    });

    test("runs on the devices it was compiled for, in that order", () => {
      const devices = [device(5), device(2)];
      const text = mainText(
        1,
        `    %0 = stablehlo.replica_id : tensor<ui32>
    %1 = stablehlo.convert %0 : (tensor<ui32>) -> tensor<f32>
    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> TENSOR
    %3 = stablehlo.add %a0, %2 : TENSOR
    return %3`,
      );
      const program = compile(text, { devices });
      expect(program.devices).toEqual(devices);
      expect(
        values(
          run(
            program,
            devices.map((each) => [put(four, each)]),
          ),
        ),
      ).toEqual([[four], [[2, 3, 4, 5]]]);
    });

    test("a wrong device is refused before any device begins, so none waits for another", () => {
      const program = compile(allReduce(8), { replicas: 8 });
      const lists = client.devices.map((each, d) => [put(four, d === 3 ? device(4) : each)]);
      expect(() => program.execute(lists)).toThrow(PjrtError);
      expect(() => program.execute(lists)).toThrow(
        /argument 0 of device 3 lies elsewhere. Got one on device 4, expected device 3/,
      );
      const gone = client.devices.map((each) => [put(four, each)]);
      gone[7]?.[0]?.dispose();
      expect(() => program.execute(gone)).toThrow(/disposed/);
      const right = client.devices.map((each) => [put(four, each)]);
      expect(values(run(program, right))[7]).toEqual([[8, 16, 24, 32]]);
    });

    test("more devices than there are are refused", () => {
      expect(() => client.compile({ text: addition }, { replicas: 9 })).toThrow(ConfigError);
      expect(() => client.compile({ text: addition }, { replicas: 0 })).toThrow(/Got replicas = 0, expected 1 to 8/);
      expect(() => client.compile({ text: addition }, { replicas: 2, portable: true })).toThrow(/expected 1, since/);
    });
  });

  describe("that is portable", () => {
    test("runs on the device of its arguments, or on the one that is named", () => {
      const program = compile(addition, { portable: true });
      for (const each of client.devices) {
        const [[sum] = []] = run(program, [[put(four, each), put(four, each)]]);
        expect(sum?.device).toBe(each);
        expect(sum?.readSync(new Float32Array(4))).toEqual(Float32Array.of(2, 4, 6, 8));
      }
      const constant = compile(mainText(0, "    %0 = stablehlo.constant dense<7.0> : TENSOR\n    return %0"), {
        portable: true,
      });
      const [[seven] = []] = run(constant, [[]], { device: device(6) });
      expect(seven?.device).toBe(device(6));
    });

    test("refuses arguments of two devices, and the device of another client", () => {
      const program = compile(addition, { portable: true });
      expect(() => program.execute([[put(four, device(1)), put(four, device(2))]])).toThrow(/lies elsewhere/);
      const other = plugin.client();
      const foreign = other.put(Float32Array.from(four), { shape: [4] });
      expect(() => program.execute([[foreign, foreign]])).toThrow(/none of this client's/);
      expect(() => compile(addition).execute([[foreign, foreign]])).toThrow(/of another client/);
      other.close();
    });
  });

  test("comes back from its bytes, on one device, on several and portable", () => {
    for (const options of [{}, { replicas: 4 }, { portable: true }, { devices: [device(3)] }]) {
      const program = compile(addition, options);
      const devices = options.portable ? [device(1)] : program.devices;
      const loaded = keep(client.load(program.serialize(), { text: addition }, options));
      expect([loaded.portable, loaded.devices]).toEqual([program.portable, program.devices]);
      const sums = values(
        run(
          loaded,
          devices.map((each) => [put(four, each), put(four, each)]),
        ),
      );
      expect(sums).toEqual(devices.map(() => [[2, 4, 6, 8]]));
    }
  });

  describe("refuses", () => {
    test("what would be read as something else: PJRT compares bytes only", () => {
      const program = compile(addition);
      const integers = keep(client.put(Int32Array.from(four), { shape: [4] }));
      const square = keep(client.put(Float32Array.from(four), { shape: [2, 2] }));
      expect(() => program.execute([[put(four), integers]])).toThrow(ShapeError);
      expect(() => program.execute([[put(four), integers]])).toThrow(
        "argument 1 of device 0 does not fit. Got i32[4], expected f32[4]",
      );
      expect(() => program.execute([[square, put(four)]])).toThrow("Got f32[2,2], expected f32[4]");
      expect(() => program.execute([[put(four)]])).toThrow(/Got 1 for device 0, expected 2/);
      expect(() => program.execute([])).toThrow(/a list of arguments per device. Got 0, expected 1/);
    });

    test("text that does not compile, with its line", () => {
      const text = addition.replace("%a1 :", "%nobody :");
      expect(() => client.compile({ text })).toThrow(PjrtError);
      expect(() => client.compile({ text })).toThrow(
        /undeclared SSA value[\s\S]*Line 3: %0 = stablehlo.add %a0, %nobody/,
      );
      expect(() => client.compile({ text: "module {}" })).toThrow(FormatError);
    });

    test("what does not fit into memory, with the code for it", () => {
      const huge = mainText(0, "    %0 = stablehlo.constant dense<7.0> : TENSOR\n    return %0", {
        sizes: "1048576x1048576x",
      });
      const program = compile(huge);
      expect(() => program.execute([[]])).toThrow(expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }));
    });

    test("bytes that are no program, or another one", () => {
      expect(() => client.load(Uint8Array.of(1, 2, 3), { text: addition })).toThrow(PjrtError);
      const other = mainText(1, "    return %a0, %a0", { outputs: 2 });
      const bytes = compile(addition).serialize();
      expect(() => client.load(bytes, { text: other })).toThrow(/Got f32\[4\], expected f32\[4\] f32\[4\]/);
    });

    test("use after it was disposed", () => {
      const program = compile(addition);
      program.dispose();
      program.dispose();
      for (const use of [
        () => program.execute([[]]),
        () => program.serialize(),
        () => program.memory(),
        () => program.cost(),
      ])
        expect(use).toThrow(/the program was disposed/);
    });
  });
});
