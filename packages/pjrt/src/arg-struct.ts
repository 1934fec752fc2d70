import { abi } from "./abi.ts";
import type { Native } from "./native.ts";

/** The structs of the PJRT C API whose layout is known. */
export type StructName = keyof typeof abi.structs;
/** A field of such a struct. */
export type FieldOf<Name extends StructName> = keyof (typeof abi.structs)[Name] & string;
/** Something that lies at an address for as long as somebody refers to it: a struct, an array of structs. */
export type Placed = { readonly address: bigint };
/** What a field may be set to: a number, a pointer, or memory that it is to point to. */
export type FieldValue = number | bigint | boolean | ArrayBufferView | Placed;
/** Fields to set; the others are zero. */
export type Fields<Name extends StructName> = { readonly [Field in FieldOf<Name>]?: FieldValue };

/**
 * Every struct is as large as this and says so. Plugins take any size from the one they know on, so that newer plugins, whose structs
 * have grown, find zeros in what we don't know. The largest so far has 201 bytes.
 */
const declaredBytes = 256;

/** One C struct, written by field names; it keeps alive what its fields point to. */
export class ArgStruct<Name extends StructName> {
  readonly #native: Native;
  readonly #layout: { readonly [field: string]: readonly [offset: number, bytes: number] };
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** What the fields point to: here, so that it stays. */
  kept: unknown;
  /** Where it lies. */
  readonly address: bigint;

  constructor(native: Native, name: Name, fields: Fields<Name> = {}) {
    this.#native = native;
    this.#layout = abi.structs[name];
    this.#bytes = new Uint8Array(declaredBytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.address = native.address(this.#bytes);
    this.fill(fields);
  }

  /** Sets these fields and zeroes the others. */
  fill(fields: Fields<Name>): void {
    this.#bytes.fill(0);
    this.#view.setBigUint64(0, BigInt(declaredBytes), true);
    this.kept = fields;
    for (const field in fields) {
      const value = (fields as { readonly [field: string]: FieldValue })[field]; // the same object, by any name
      const place = this.#layout[field];
      if (value === undefined || place === undefined) throw new RangeError(`ArgStruct: no field ${field}.`);
      this.#write(place, value);
    }
  }

  /** Lets go of what the fields point to. */
  release(): void {
    this.kept = undefined;
  }

  /** A field that holds an address. */
  pointer(field: FieldOf<Name>): bigint {
    return this.#view.getBigUint64(this.#place(field)[0], true);
  }

  /** A field that holds a whole number or a bool. */
  number(field: FieldOf<Name>): number {
    const [offset, bytes] = this.#place(field);
    if (bytes === 8) return Number(this.#view.getBigInt64(offset, true));
    return bytes === 4 ? this.#view.getInt32(offset, true) : this.#view.getUint8(offset);
  }

  /** Text, from the fields that hold its address and its length in bytes. */
  text(pointer: FieldOf<Name>, length: FieldOf<Name>): string {
    const bytes = this.number(length);
    return bytes === 0 ? "" : new TextDecoder().decode(this.#native.memory(this.pointer(pointer), bytes));
  }

  /** A copy of the addresses that two fields tell of. */
  pointers(pointer: FieldOf<Name>, length: FieldOf<Name>): bigint[] {
    const count = this.number(length);
    return count === 0 ? [] : [...new BigUint64Array(this.#native.memory(this.pointer(pointer), 8 * count))];
  }

  #place(field: string): readonly [offset: number, bytes: number] {
    const place = this.#layout[field];
    if (place === undefined) throw new RangeError(`ArgStruct: no field ${field}.`);
    return place;
  }

  #write([offset, bytes]: readonly [number, number], value: FieldValue): void {
    const view = this.#view;
    const whole =
      typeof value !== "object" ? value : ArrayBuffer.isView(value) ? this.#native.address(value) : value.address;
    if (bytes === 8) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(whole)), true);
    else if (bytes === 4) view.setInt32(offset, Number(whole), true);
    else view.setUint8(offset, Number(whole));
  }
}
