import type { KernelExports } from "../generated/frozen/kernel-exports.ts";
import type { KernelVariant } from "../kernel-variant.ts";
import type { WeightForm } from "./weight-form.ts";

/** The forms of frozen weights, on two memories. */
export type WeightForms = {
  /** The build that is running, by which packed weights lie. */
  readonly variant: KernelVariant;
  readonly float32: WeightForm;
  readonly bfloat16: WeightForm;
  readonly int8: WeightForm;
};

/** The forms as a module's functions do them. `instruction` is what sums of whole numbers are made of (`tools/integer-tile-source.mjs`). */
export function weightForms(
  variant: KernelVariant,
  exports: KernelExports,
  instruction = fastestInstruction(exports),
): WeightForms {
  const floats = (name: "float32" | "bfloat16"): WeightForm => {
    const half = name === "bfloat16";
    const pack = half ? exports.packHalves : exports.packFloats;
    return {
      name,
      bytes: (out, inner) => exports.floatsBytes(half, out, inner) >>> 0,
      packScratchBytes: exports.packScratchBytes,
      pack: ({ weight, out, inner, to, scratch }) => pack(weight, out, inner, to, scratch),
      scratchBytes: exports.floatsScratchBytes,
      linear: ({ x, rows, inner, packed, out, bias, y, activated, scratch }) =>
        exports.linearFloats(half, x, rows, inner, packed, out, bias, y, activated, scratch),
    };
  };
  return {
    variant,
    float32: floats("float32"),
    bfloat16: floats("bfloat16"),
    int8: {
      name: "int8",
      bytes: (out, inner) => exports.integersBytes(out, inner) >>> 0,
      packScratchBytes: exports.packScratchBytes,
      pack: ({ weight, out, inner, to, scratch }) => exports.packIntegers(weight, out, inner, to, scratch),
      scratchBytes: exports.integersScratchBytes,
      linear: ({ x, rows, inner, packed, out, bias, y, activated, scratch }) =>
        exports.linearIntegers(instruction, x, rows, inner, packed, out, bias, y, activated, scratch),
    },
  };
}

/** Four products of 127 by 255, which x86's older instructions cut off at 2¹⁵ two by two. */
const cutOff = 2 * 32767;

/**
 * The number of the fastest instruction: 2 where sums of four products are one instruction (x86's AVX-VNNI, Arm's dot products), 1 where V8 makes them of several. A factor
 * beyond 7 bits, which WebAssembly leaves to the machine, tells: the one does not stop at 2¹⁵ on the way, or takes 255 for −1. So nothing has to be timed.
 */
function fastestInstruction({ relaxedDot }: KernelExports): 1 | 2 {
  return relaxedDot(0x7f7f7f7f, ~0) === cutOff ? 1 : 2;
}
