import type { Fail } from "../byte-source.ts";

/** Reads the arguments of pickle opcodes from left to right; ends with an error where the bytes end. */
export class PickleCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: Fail;
  #at: number;

  constructor(bytes: Uint8Array, start: number, fail: Fail) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#fail = fail;
  }

  /** The index of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** Ends the reading unless `count` bytes more are there. */
  expectBytes(count: number): void {
    if (count <= this.#bytes.length - this.#at) return;
    this.#fail(
      this.#bytes.length,
      `pickle: it ends here, where ${count} bytes of an opcode were expected. Is it cut off?`,
    );
  }

  byte(): number {
    return this.#view.getUint8(this.#step(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  /** A length of eight bytes. One beyond 2⁵³ is larger than any file, and fails where it is used. */
  length64(): number {
    return Number(this.#view.getBigUint64(this.#step(8), true));
  }

  /** Big-endian, as pickle has it. */
  float64(): number {
    return this.#view.getFloat64(this.#step(8), false);
  }

  /** A two's complement integer of `length` bytes: a number where that is exact. */
  integer(length: number): number | bigint {
    const from = this.#step(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#view.getUint8(from + i));
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** Text of `length` bytes of UTF-8. */
  text(length: number): string {
    const from = this.#step(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(from, this.#at));
    } catch {
      return this.#fail(from, "pickle: a text that is not UTF-8.");
    }
  }

  /** Text up to a line feed, without it. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.#fail(this.#bytes.length, "pickle: a line without an end. Is it cut off?");
    const line = this.text(end - this.#at);
    this.#at += 1;
    return line;
  }

  #step(count: number): number {
    this.expectBytes(count);
    const from = this.#at;
    this.#at += count;
    return from;
  }
}
