import { ConfigError } from "@kindred/errors";
import { abi } from "./abi.ts";
import { ArgStruct, type Fields } from "./arg-struct.ts";
import type { Native, NativeFunction } from "./native.ts";
import { codeOfNumber, PjrtError } from "./pjrt-error.ts";

/** The functions of a plugin's table that this package calls, without `PJRT_`. */
export type FunctionName = keyof typeof abi.slots;

const [knownMajor] = abi.version;
/** Functions that return nothing, where the others return an error or 0. */
const silent: ReadonlySet<FunctionName> = new Set<FunctionName>(["Error_Destroy", "Error_Message"]);

/** The function table of one plugin. */
export class PjrtApi {
  readonly native: Native;
  /** Of the C API, as the plugin was built with it. */
  readonly version: readonly [major: number, minor: number];
  readonly #functions = new Map<FunctionName, NativeFunction>();
  /** Argument structs are used again, one per function: calls never overlap. */
  readonly #structs = new Map<FunctionName, ArgStruct<`${FunctionName}_Args`>>();

  /**
   * @param native the foreign function interface
   * @param table the address of the plugin's table
   * @param path of the plugin, for messages
   * @throws ConfigError if the plugin has another major version
   */
  constructor(native: Native, table: bigint, path: string) {
    this.native = native;
    const [majorAt] = abi.structs.Api["pjrt_api_version.major_version"];
    const [minorAt] = abi.structs.Api["pjrt_api_version.minor_version"];
    const head = new DataView(native.memory(table, abi.tableStart));
    const bytes = Number(head.getBigUint64(0, true));
    this.version = [head.getInt32(majorAt, true), head.getInt32(minorAt, true)];
    if (this.version[0] !== knownMajor)
      throw new ConfigError(
        `openPlugin: the plugin speaks another version of PJRT. Got ${this.version.join(".")} of ${path}, expected ${knownMajor}.x. Use a plugin of that major version.`,
        { plugin: path, version: this.version },
      );
    const slots = new BigUint64Array(native.memory(table, bytes).slice(abi.tableStart, bytes - (bytes % 8)));
    for (const name of Object.keys(abi.slots) as FunctionName[]) {
      // the keys of an object of ours
      const address = slots[abi.slots[name]] ?? 0n;
      if (address !== 0n) this.#functions.set(name, native.callable(address));
    }
  }

  /** A new struct for others to point to. */
  struct<Name extends keyof typeof abi.structs>(name: Name, fields: Fields<Name>): ArgStruct<Name> {
    return new ArgStruct(this.native, name, fields);
  }

  /**
   * Calls a function. What it gives stands in the struct until the same function is called again.
   *
   * @throws PjrtError if it fails, or if the plugin has no such function
   */
  call<Name extends FunctionName>(name: Name, fields: Fields<`${Name}_Args`>): ArgStruct<`${Name}_Args`> {
    const callee = this.#functions.get(name);
    if (callee === undefined)
      throw new PjrtError("UNIMPLEMENTED", `PJRT_${name}`, `PJRT_${name}: this plugin lacks the function.`);
    let args = this.#structs.get(name) as ArgStruct<`${Name}_Args`> | undefined; // one of this name, by the line that sets it
    if (args === undefined) {
      args = new ArgStruct(this.native, `${name}_Args` as const) as ArgStruct<`${Name}_Args`>; // TypeScript widens the name
      this.#structs.set(name, args as unknown as ArgStruct<`${FunctionName}_Args`>); // of the name under which it is found again
    }
    args.fill(fields);
    const error = callee(args.address);
    args.release();
    if (error !== 0 && error !== 0n && !silent.has(name)) throw this.#takeError(name, BigInt(error));
    return args;
  }

  #takeError(name: FunctionName, error: bigint): PjrtError {
    const code = codeOfNumber(this.call("Error_GetCode", { error }).number("code"));
    const text = this.call("Error_Message", { error }).text("message", "message_size");
    this.call("Error_Destroy", { error });
    return new PjrtError(code, `PJRT_${name}`, `PJRT_${name}: ${text}`, { text });
  }
}
