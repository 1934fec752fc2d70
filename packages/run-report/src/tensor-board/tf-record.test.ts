import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import { tfRecord } from "./tf-record.ts";

describe("the checksum", () => {
  // RFC 3720, B.4, and the check value of the polynomial
  test.each([
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [new TextEncoder().encode("123456789"), 0xe3069283],
    [new Uint8Array(), 0],
  ])("of known bytes is the known one: %j", (bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test("tells any change of up to 32 bits in a row, masked or not", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 4, maxLength: 40 }),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 4 }).filter((change) => change.some((byte) => byte !== 0)),
        (bytes, place, change) => {
          const changed = bytes.slice();
          const at = place % (bytes.length - change.length + 1);
          for (const [i, byte] of change.entries()) changed[at + i] = (changed[at + i] ?? 0) ^ byte;
          expect(crc32c(changed)).not.toBe(crc32c(bytes));
          expect(maskedCrc32c(changed)).not.toBe(maskedCrc32c(bytes));
        },
      ),
    );
  });
});

/** The records of a file, as its format has them; a record that is damaged or cut ends them. */
function records(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const unmask = (masked: number) => {
    const rotated = (masked - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  const found: Uint8Array[] = [];
  for (let at = 0; at + 16 <= file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (at + 16 + length > file.length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    const isWhole =
      unmask(view.getUint32(at + 8, true)) === crc32c(file.subarray(at, at + 8)) &&
      unmask(view.getUint32(at + 12 + length, true)) === crc32c(data);
    if (!isWhole) break;
    found.push(data);
    at += 16 + length;
  }
  return found;
}

const joined = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

test("records of any bytes, one after another, come back, and none of one that is damaged or cut off", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1 }), fc.nat(), (all, place) => {
      const framed = all.map(tfRecord);
      expect(records(joined(framed))).toEqual(all);
      const last = framed[framed.length - 1] ?? new Uint8Array();
      expect(records(joined([...framed.slice(0, -1), last.subarray(0, place % last.length)]))).toEqual(
        all.slice(0, -1),
      );
      const damaged = last.slice();
      damaged[place % last.length] = (damaged[place % last.length] ?? 0) ^ 0x10;
      expect(records(joined([...framed.slice(0, -1), damaged]))).toEqual(all.slice(0, -1));
    }),
  );
  const unmasked = tfRecord(new Uint8Array([1]));
  new DataView(unmasked.buffer).setUint32(8, crc32c(unmasked.subarray(0, 8)), true);
  expectMutantToFail(() => expect(records(unmasked)).toHaveLength(1));
});
