// What a plugin gave before something failed is given back to it.
import { describePlugins } from "@kindred/testing";
import { expect, test } from "vitest";
import { addition } from "../test-support/programs.ts";
import type { ArgStruct, Fields } from "./arg-struct.ts";
import { Client } from "./client.ts";
import { loadNative, type Native } from "./native.ts";
import { type FunctionName, PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";
import { Topology } from "./topology.ts";

/** A plugin's table of which one function fails. */
class FailingApi extends PjrtApi {
  failing: FunctionName | undefined;
  readonly #called: FunctionName[] = [];

  override call<Name extends FunctionName>(name: Name, fields: Fields<`${Name}_Args`>): ArgStruct<`${Name}_Args`> {
    this.#called.push(name);
    if (name === this.failing) throw new PjrtError("INTERNAL", name, "On purpose.");
    return this.answer(name, fields);
  }

  answer<Name extends FunctionName>(name: Name, fields: Fields<`${Name}_Args`>): ArgStruct<`${Name}_Args`> {
    return super.call(name, fields);
  }

  count(name: FunctionName): number {
    return this.#called.filter((each) => each === name).length;
  }
}

/** One that does nothing, and gives zeros. */
class HollowApi extends FailingApi {
  constructor() {
    const memory = (_: bigint, bytes: number) => new ArrayBuffer(bytes);
    super({ address: () => 64n, memory } as unknown as Native, 0n, ""); // all of it that is used
  }

  override answer<Name extends FunctionName>(name: Name): ArgStruct<`${Name}_Args`> {
    return this.struct<`${Name}_Args`>(`${name}_Args`, {});
  }
}

describePlugins("a client of a plugin that fails", ({ path }) => {
  const apiOf = async () => {
    const native = await loadNative();
    return new FailingApi(native, native.openTable(path), path);
  };

  test("is closed where it cannot be told of", async () => {
    for (const failing of ["Client_PlatformName", "Client_ProcessIndex", "Client_Devices"] as const) {
      const api = await apiOf();
      api.failing = failing;
      expect(() => new Client(api, {})).toThrow("On purpose.");
      expect(api.count("Client_Destroy")).toBe(api.count("Client_Create"));
    }
  });

  test("keeps no buffer that was not filled, and no program of which nothing is known", async () => {
    const api = await apiOf();
    const client = new Client(api, {});
    const before = { ...client.live };
    api.failing = "Event_Await";
    expect(() => client.put(Float32Array.of(1), { shape: [1] })).toThrow("On purpose.");
    expect([client.live, api.count("Buffer_Destroy")]).toEqual([before, 1]);
    for (const [i, failing] of (
      [
        "LoadedExecutable_AddressableDevices",
        "LoadedExecutable_GetExecutable",
        "Executable_OutputElementTypes",
      ] as const
    ).entries()) {
      api.failing = failing;
      expect(() => client.compile({ text: addition })).toThrow("On purpose.");
      expect([client.live, api.count("LoadedExecutable_Destroy")]).toEqual([before, i + 1]);
    }
    api.failing = undefined;
    client.close();
  });
});

test("a topology that cannot be told of, and a program whose memory is not known, are freed", () => {
  for (const failing of ["TopologyDescription_PlatformVersion", "TopologyDescription_GetDeviceDescriptions"] as const) {
    const api = new HollowApi();
    api.failing = failing;
    expect(() => new Topology(api, "v3:2x2", {})).toThrow("On purpose.");
    expect(api.count("TopologyDescription_Destroy")).toBe(1);
  }
  const api = new HollowApi();
  const topology = new Topology(api, "v3:2x2", {});
  api.failing = "Executable_GetCompiledMemoryStats";
  expect(() => topology.compile({ text: addition })).toThrow("On purpose.");
  expect(api.count("Executable_Destroy")).toBe(1);
  topology.dispose();
  topology.dispose();
  expect(api.count("TopologyDescription_Destroy")).toBe(1);
});
