import { packWeightOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";

/** A weight in panels, [panels, in, lanes], that products read without packing it; a copy where panels do not divide it. */
export const packWeightKernel = kernelOf(packWeightOp, ({ exports, input, output, heap }) => {
  const { shape, address } = input("weight");
  const [out, inner] = shape as [number, number];
  const lanes = exports["panelColumns"]!();
  if (out % lanes !== 0) {
    const copy = output(shape);
    heap().copyWithin(copy.address, address, address + 4 * out * inner);
    return copy.info;
  }
  const packed = output([out / lanes, inner, lanes]);
  exports["packWeight"]!(address, out, inner, packed.address);
  return packed.info;
});
