import { weightForms } from "@kindred/nn";
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
