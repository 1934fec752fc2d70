import { expectAxes, withoutAxes } from "./axes.ts";
import { expectSameType, expectType } from "./elementwise.ts";
import { refuse } from "./refuse.ts";
import { type ElementType, listText, type TensorType, typeText, type Value } from "./value.ts";

/** Which axes of two factors belong together. */
export type DotOptions = {
  /** Pairs of axes that are summed over: `[[1], [0]]` is a plain matrix product. */
  readonly contract: readonly [x: readonly number[], y: readonly number[]];
  /** Pairs of axes that both factors and the product have; none unless given. */
  readonly batch?: readonly [x: readonly number[], y: readonly number[]];
  /** The product's type, in which it is summed: f32 for floats, also of bf16, else the factors' own. */
  readonly type?: ElementType;
};

/** The text and the type of a product of two tensors: its batch axes, then x's own, then y's. */
export function dotLine(x: Value, y: Value, options: DotOptions): TensorType & { readonly line: string } {
  const { contract, batch = [[], []] } = options;
  expectSameType("dot", x, y);
  expectType("dot", x, ["f32", "bf16", "i32", "ui32"]);
  for (const [value, side] of [[x, 0] as const, [y, 1] as const])
    expectAxes("dot", value, [...batch[side], ...contract[side]]);
  for (const [ofX, ofY] of [batch, contract]) {
    if (ofX.length !== ofY.length || ofX.some((axis, i) => x.shape[axis] !== y.shape[ofY[i] ?? -1]))
      refuse("dot", "axes that do not fit", { x, y, "x's": ofX, "y's": ofY }, "pairs of axes of one length");
  }
  const floats = x.type === "f32" || x.type === "bf16";
  const type = options.type ?? (floats ? "f32" : x.type);
  if (type !== x.type && !(floats && (type === "f32" || type === "bf16")))
    refuse("dot", "no such product", { x, y, type }, floats ? "f32 or bf16" : x.type);
  const shape = [
    ...batch[0].map((axis) => x.shape[axis] ?? 0),
    ...withoutAxes(x.shape, [...batch[0], ...contract[0]]),
    ...withoutAxes(y.shape, [...batch[1], ...contract[1]]),
  ];
  const batching = batch[0].length > 0 ? `batching_dims = ${listText(batch[0])} x ${listText(batch[1])}, ` : "";
  const contracting = `contracting_dims = ${listText(contract[0])} x ${listText(contract[1])}`;
  const types = `(${typeText(x)}, ${typeText(y)}) -> ${typeText({ shape, type })}`;
  // Else TPUs round such factors to bfloat16, and GPUs to TensorFloat-32.
  const precision = x.type === "f32" ? ", precision = [HIGHEST, HIGHEST]" : "";
  return { shape, type, line: `stablehlo.dot_general $0, $1, ${batching}${contracting}${precision} : ${types}` };
}
