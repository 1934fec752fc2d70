import { abi } from "./abi.ts";
import type { Placed } from "./arg-struct.ts";
import type { Native } from "./native.ts";

/** A value of an option or attribute. */
export type NamedValue = string | number | boolean | readonly number[];
/** Options or attributes by name. */
export type NamedValues = { readonly [name: string]: NamedValue };

const stride = abi.sizes.NamedValue;
const fields = abi.structs.NamedValue;
const kinds = abi.constants;

/**
 * Options as PJRT takes them. A whole number is an int64, any other a float. Unlike other structs these stand in an array, so they
 * declare their true size.
 */
export function writeNamedValues(native: Native, values: NamedValues): Placed {
  const entries = Object.entries(values);
  const array = new Uint8Array(stride * Math.max(1, entries.length));
  const view = new DataView(array.buffer);
  const kept: ArrayBufferView[] = [];
  const pointTo = (at: number, target: ArrayBufferView) => {
    kept.push(target);
    view.setBigUint64(at, native.address(target), true);
  };
  entries.forEach(([name, value], i) => {
    const at = (field: keyof typeof fields) => stride * i + fields[field][0];
    const kind = (number: number, size: number) => {
      view.setInt32(at("type"), number, true);
      view.setBigUint64(at("value_size"), BigInt(size), true);
    };
    view.setBigUint64(stride * i, BigInt(stride), true);
    const bytes = new TextEncoder().encode(name);
    pointTo(at("name"), bytes);
    view.setBigUint64(at("name_size"), BigInt(bytes.length), true);
    if (typeof value === "string") {
      const text = new TextEncoder().encode(value);
      kind(kinds.namedString, text.length);
      pointTo(at("string_value"), text);
    } else if (typeof value === "boolean") {
      kind(kinds.namedBool, 1);
      view.setUint8(at("bool_value"), Number(value));
    } else if (typeof value === "object") {
      kind(kinds.namedInt64List, value.length);
      pointTo(at("int64_array_value"), BigInt64Array.from(value, BigInt));
    } else if (Number.isInteger(value)) {
      kind(kinds.namedInt64, 1);
      view.setBigInt64(at("int64_value"), BigInt(value), true);
    } else {
      kind(kinds.namedFloat, 1);
      view.setFloat32(at("float_value"), value, true);
    }
  });
  return Object.assign({ address: native.address(array) }, { array, kept }); // what the addresses are of stays with them
}

/** The attributes that stand in `count` structs from an address on. */
export function readNamedValues(native: Native, address: bigint, count: number): NamedValues {
  if (count === 0) return {};
  const view = new DataView(native.memory(address, stride * count).slice(0));
  const text = (at: bigint, bytes: number) => (bytes === 0 ? "" : new TextDecoder().decode(native.memory(at, bytes)));
  return Object.fromEntries(
    Array.from({ length: count }, (_, i): [string, NamedValue] => {
      const at = (field: keyof typeof fields) => stride * i + fields[field][0];
      const size = Number(view.getBigUint64(at("value_size"), true));
      const pointer = () => view.getBigUint64(at("string_value"), true);
      const name = text(view.getBigUint64(at("name"), true), Number(view.getBigUint64(at("name_size"), true)));
      switch (view.getInt32(at("type"), true)) {
        case kinds.namedString:
          return [name, text(pointer(), size)];
        case kinds.namedBool:
          return [name, view.getUint8(at("bool_value")) !== 0];
        case kinds.namedFloat:
          return [name, view.getFloat32(at("float_value"), true)];
        case kinds.namedInt64List:
          return [name, size === 0 ? [] : Array.from(new BigInt64Array(native.memory(pointer(), 8 * size)), Number)];
        default:
          return [name, Number(view.getBigInt64(at("int64_value"), true))];
      }
    }),
  );
}
