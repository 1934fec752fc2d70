import fc from "fast-check";
import { expect, test } from "vitest";
import { eventMessage } from "./event-message.ts";

/** Fields of a message in wire format: numbers of variable length, and the bytes of all others. */
function fieldsOf(bytes: Uint8Array): [field: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
  };
  const take = (count: number) => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key % 8;
    fields.push([Math.floor(key / 8), kind === 0 ? varint() : take(kind === 1 ? 8 : kind === 5 ? 4 : varint())]);
  }
  return fields;
}
const at = (bytes: Uint8Array, ...path: readonly number[]): number | Uint8Array | undefined =>
  path.reduce<number | Uint8Array | undefined>(
    (inside, field) =>
      inside instanceof Uint8Array ? fieldsOf(inside).find(([one]) => one === field)?.[1] : undefined,
    bytes,
  );
const textOf = (value: number | Uint8Array | undefined) =>
  value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;

test("by hand: the first record of a file", () => {
  expect([...eventMessage({ wallTime: 1, step: 0, fileVersion: "brain.Event:2" })]).toEqual([
    ...[0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // wall_time 1.0
    ...[0x10, 0], // step 0
    ...[0x1a, 13, ...new TextEncoder().encode("brain.Event:2")],
  ]);
});

test("any step, time, tag and float32 come back", () => {
  fc.assert(
    fc.property(
      fc.record({
        step: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        wallTime: fc.double({ noNaN: true }),
        tag: fc.string({ unit: "grapheme" }),
        value: fc.float(),
      }),
      ({ step, wallTime, tag, value }) => {
        const bytes = eventMessage({ step, wallTime, scalars: { [tag]: value } });
        const floatOf = (found: ReturnType<typeof at>) =>
          found instanceof Uint8Array ? new DataView(found.slice().buffer).getFloat32(0, true) : undefined;
        const time = at(bytes, 1);
        expect(at(bytes, 2)).toBe(step);
        expect(time instanceof Uint8Array && new DataView(time.slice().buffer).getFloat64(0, true)).toBe(wallTime);
        expect(textOf(at(bytes, 5, 1, 1))).toBe(tag);
        expect(floatOf(at(bytes, 5, 1, 2))).toBe(value);
      },
    ),
  );
});

test("texts are tensors of one string for the text plugin, and a restart is a session's start", () => {
  const bytes = eventMessage({ step: 3, wallTime: 0, restarts: true, texts: { config: "é".repeat(200) } });
  expect(textOf(at(bytes, 5, 1, 8, 8))).toBe("é".repeat(200));
  expect(textOf(at(bytes, 5, 1, 9, 1, 1))).toBe("text");
  expect(at(bytes, 7, 1)).toBe(1);
});
