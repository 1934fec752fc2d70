import { ConfigError } from "@kindred/errors";
import { type WeightForm, weightForms } from "@kindred/nn";
import { grouped, option } from "@kindred/options";
import * as v from "valibot";

/** How a command that encodes keeps the model's weights. */
export const weightsOption = grouped("Engine", {
  weights: option(
    v.picklist(weightForms),
    "float32",
    "With backend wasm: how the weights of linear maps are kept. bfloat16 takes half the memory and is faster for single texts, int8 a quarter and is faster for all; vectors differ a little.",
  ),
});

/** Refuses a form of weights that the backend does not have. @throws ConfigError */
export function checkWeights(
  where: string,
  { weights, backend }: { readonly weights: WeightForm; readonly backend: string },
): void {
  if (weights === "float32" || backend === "wasm") return;
  throw new ConfigError(
    `${where}: --backend ${backend} has weights of float32 alone. Got --weights ${weights}. Leave it out, or choose --backend wasm.`,
    { weights, backend },
  );
}
