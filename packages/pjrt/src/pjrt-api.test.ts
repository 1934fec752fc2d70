import { ConfigError } from "@kindred/errors";
import { expect, test } from "vitest";
import { abi } from "./abi.ts";
import { ArgStruct } from "./arg-struct.ts";
import type { Native } from "./native.ts";
import { PjrtApi } from "./pjrt-api.ts";
import { codeOfNumber, PjrtError } from "./pjrt-error.ts";

/** A table of `slots` functions in memory of our own: each writes what it is told, or returns an error. */
function tableOf([major, minor]: [number, number], slots: number, call: (slot: number) => bigint = () => 0n) {
  const bytes = new ArrayBuffer(abi.tableStart + 8 * slots);
  const view = new DataView(bytes);
  view.setBigUint64(0, BigInt(bytes.byteLength), true);
  view.setInt32(32, major, true);
  view.setInt32(36, minor, true);
  for (let slot = 0; slot < slots; slot++) view.setBigUint64(abi.tableStart + 8 * slot, BigInt(1000 + slot), true);
  const native: Native = {
    address: () => 64n,
    memory: (_, count) => bytes.slice(0, count),
    callable: (address) => () => call(Number(address) - 1000),
    openTable: () => 0n,
    environment: () => null,
    setEnvironment: () => undefined,
    deleteTimer: () => undefined,
  };
  return native;
}

test("refuses a plugin of another major version, and takes any minor one", () => {
  expect(() => new PjrtApi(tableOf([1, 0], 100), 0n, "new.so")).toThrow(ConfigError);
  expect(() => new PjrtApi(tableOf([1, 0], 100), 0n, "new.so")).toThrow(/1\.0 of new\.so, expected 0\.x/);
  expect(new PjrtApi(tableOf([0, 999], 200), 0n, "").version).toEqual([0, 999]);
});

test("a function that an older plugin lacks is an error when it is called, and no other is", () => {
  const api = new PjrtApi(tableOf([0, 50], abi.slots.Executable_GetCompiledMemoryStats), 0n, "old.so");
  expect(() => api.call("Plugin_Initialize", {})).not.toThrow();
  expect(() => api.call("Executable_GetCompiledMemoryStats", { executable: 1n })).toThrow(PjrtError);
  expect(() => api.call("Executable_GetCompiledMemoryStats", { executable: 1n })).toThrow(/lacks/);
});

test("an error comes with its function and code, also one whose number nobody knows", () => {
  const api = new PjrtApi(
    tableOf([0, 100], 138, (slot) => (slot === abi.slots.Client_Create ? 5n : 0n)),
    0n,
    "",
  );
  try {
    api.call("Client_Create", {});
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(PjrtError);
    expect(error).toMatchObject({ code: "UNKNOWN", function: "PJRT_Client_Create", exitCode: 1 });
  }
});

test("codes are gRPC's, by number", () => {
  const all = [1, 3, 8, 9, 12, 16, 17, 0].map(codeOfNumber);
  const names = ["CANCELLED", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "UNIMPLEMENTED"];
  expect(all).toEqual([...names, "UNAUTHENTICATED", "UNKNOWN", "UNKNOWN"]);
});

test("a struct is 256 bytes, says so, and holds each field at its place and in its width", () => {
  const bytes: Uint8Array[] = [];
  const native = {
    ...tableOf([0, 1], 1),
    address: (array: ArrayBufferView) => {
      bytes.push(new Uint8Array(array.buffer));
      return 0x1234_5678_9abcn;
    },
  };
  const data = Float32Array.of(1);
  const args = new ArgStruct(native, "Client_BufferFromHostBuffer_Args", {
    data,
    type: -2,
    num_dims: 3,
    device: 2n ** 63n,
  });
  const [struct] = bytes;
  if (struct === undefined) return expect.unreachable();
  const view = new DataView(struct.buffer);
  expect(struct).toHaveLength(256);
  expect(view.getBigUint64(0, true)).toBe(256n);
  expect(view.getBigUint64(24, true)).toBe(0x1234_5678_9abcn);
  expect(view.getInt32(32, true)).toBe(-2);
  expect(view.getInt32(36, true)).toBe(0);
  expect(args.number("num_dims")).toBe(3);
  expect(args.pointer("device")).toBe(2n ** 63n);
  args.fill({ num_dims: 1 });
  expect(args.pointer("device")).toBe(0n);
});
