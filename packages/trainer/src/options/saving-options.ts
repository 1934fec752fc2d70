import { grouped, option } from "@kindred/options";
import { countOrZero } from "./option-rules.ts";

/** When a run is saved, and what is kept. */
export const savingOptions = grouped("The run", {
  saveSteps: option(countOrZero, 500, "Steps between checkpoints; 0 = only when stopped."),
  saveTotalLimit: option(
    countOrZero,
    2,
    "Checkpoints to keep; older ones are deleted, but neither the last nor the best one; 0 = all.",
  ),
});
