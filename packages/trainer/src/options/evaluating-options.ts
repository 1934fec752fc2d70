import { grouped, option } from "@kindred/options";
import { count, countOrZero } from "./option-rules.ts";

/** When a run tells how it goes. */
export const evaluatingOptions = grouped("The run", {
  loggingSteps: option(count, 10, "Steps between progress events."),
  evalSteps: option(countOrZero, 500, "Steps between evaluations; 0 = only before and after."),
});
