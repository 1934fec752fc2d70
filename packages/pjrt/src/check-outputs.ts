import { ShapeError } from "@kindred/errors";
import { describeSpec, typeOfNumber } from "./element-type.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import type { Signature } from "./read-signature.ts";

/**
 * The plugin's own list of outputs must be that of the text, or outputs would be taken for what they are not.
 *
 * @throws ShapeError if it is another
 */
export function checkOutputs(functionName: string, api: PjrtApi, executable: bigint, { outputs }: Signature): void {
  const count = api.call("Executable_NumOutputs", { executable }).number("num_outputs");
  const types = api.call("Executable_OutputElementTypes", { executable });
  const numbers = count === 0 ? [] : [...new Int32Array(api.native.memory(types.pointer("output_types"), 4 * count))];
  const dimensions = api.call("Executable_OutputDimensions", { executable });
  const ranks =
    count === 0 ? [] : [...new BigUint64Array(api.native.memory(dimensions.pointer("dim_sizes"), 8 * count))];
  const all = ranks.reduce((sum, rank) => sum + Number(rank), 0);
  const sizes =
    all === 0 ? [] : Array.from(new BigInt64Array(api.native.memory(dimensions.pointer("dims"), 8 * all)), Number);
  const found = numbers.map((number, i) => `${typeOfNumber(number)}[${sizes.splice(0, Number(ranks[i])).join(",")}]`);
  const wanted = outputs.map(describeSpec);
  if (found.join(" ") !== wanted.join(" "))
    throw new ShapeError(
      `${functionName}: the program gives something else than its text says. Got ${found.join(" ")}, expected ${wanted.join(" ")}. Were these bytes written for this text?`,
      { got: found, expected: wanted },
    );
}
