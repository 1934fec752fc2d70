import { refuse } from "./refuse.ts";
import type { ElementType } from "./value.ts";

const LEAST = { i32: -(2 ** 31), ui32: 0, i1: 0 };
const MOST = { i32: 2 ** 31 - 1, ui32: 2 ** 32 - 1, i1: 1 };
/** The bits of what has no digits, by type. */
const BITS = {
  f32: { infinity: "0x7F800000", minusInfinity: "0xFF800000", nan: "0x7FC00000" },
  bf16: { infinity: "0x7F80", minusInfinity: "0xFF80", nan: "0x7FC0" },
};

/**
 * An element as programs write it. A float is rounded to its type and has ten digits, enough to tell any two float32
 * apart, so that equal texts are equal numbers; −0 keeps its sign; what has no digits is written as bits.
 *
 * @throws ShapeError if a whole number's type cannot hold it
 */
export function literal(op: string, value: number, type: ElementType): string {
  if (type === "f32" || type === "bf16") {
    const rounded = type === "f32" ? Math.fround(value) : roundToBfloat16(value);
    if (Number.isNaN(rounded)) return BITS[type].nan;
    if (!Number.isFinite(rounded)) return rounded > 0 ? BITS[type].infinity : BITS[type].minusInfinity;
    return Object.is(rounded, -0) ? `-${(0).toExponential(9)}` : rounded.toExponential(9);
  }
  if (!Number.isInteger(value) || value < LEAST[type] || value > MOST[type])
    refuse(op, `${type} cannot hold it`, { value }, `a whole number from ${LEAST[type]} to ${MOST[type]}`);
  if (type === "i1") return value === 1 ? "true" : "false";
  return String(value + 0); // −0 is 0
}

/** The nearest of the floats whose last 16 bits are zero, ties to the even one. */
function roundToBfloat16(value: number): number {
  const float = Float32Array.of(value);
  const bits = new Uint32Array(float.buffer);
  const [word = 0] = bits;
  if (!Number.isNaN(value)) bits[0] = ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0;
  return float[0] ?? 0;
}
