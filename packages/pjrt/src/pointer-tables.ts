import type { Placed } from "./arg-struct.ts";
import type { PjrtApi } from "./pjrt-api.ts";

/**
 * The tables of pointers that a call takes: `[device][argument]` and `[device][output]`. They are kept and used again, since a call
 * reads and fills them before it returns.
 */
export class PointerTables {
  readonly devices: number;
  readonly options: Placed;
  readonly argumentLists: BigUint64Array;
  readonly outputLists: BigUint64Array;
  readonly #arguments: BigUint64Array;
  readonly #outputs: BigUint64Array;
  readonly #columns: readonly [inputs: number, outputs: number];

  constructor(api: PjrtApi, devices: number, inputs: number, outputs: number) {
    this.devices = devices;
    this.#columns = [inputs, outputs];
    this.#arguments = new BigUint64Array(Math.max(1, devices * inputs));
    this.#outputs = new BigUint64Array(Math.max(1, devices * outputs));
    const rows = (table: BigUint64Array, columns: number) => {
      const start = api.native.address(table);
      return BigUint64Array.from({ length: devices }, (_, d) => start + BigInt(8 * d * columns));
    };
    this.argumentLists = rows(this.#arguments, inputs);
    this.outputLists = rows(this.#outputs, outputs);
    this.options = api.struct("ExecuteOptions", {});
  }

  setArgument(device: number, argument: number, pointer: bigint): void {
    this.#arguments[device * this.#columns[0] + argument] = pointer;
  }

  output(device: number, output: number): bigint {
    return this.#outputs[device * this.#columns[1] + output] ?? 0n;
  }
}
