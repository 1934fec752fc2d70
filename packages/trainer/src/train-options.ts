import type { OptionValues } from "@kindred/options";
import { batchOptions } from "./options/batch-options.ts";
import { dataOptions } from "./options/data-options.ts";
import { evaluatingOptions } from "./options/evaluating-options.ts";
import { lossOptions } from "./options/loss-options.ts";
import { machineOptions } from "./options/machine-options.ts";
import { modelOptions } from "./options/model-options.ts";
import { optimizerOptions } from "./options/optimizer-options.ts";
import { savingOptions } from "./options/saving-options.ts";
import { scheduleOptions } from "./options/schedule-options.ts";
import { teacherOptions } from "./options/teacher-options.ts";

/**
 * Every option of a training run: its name, rule, default and meaning; a table for each concern. The configuration file, the flags of
 * `kindred-train` and its `--help` are made from this table. The defaults are those of the original system where it had a number.
 */
export const trainOptions = {
  ...dataOptions,
  ...modelOptions,
  ...batchOptions,
  ...lossOptions,
  ...teacherOptions,
  ...scheduleOptions,
  ...optimizerOptions,
  ...machineOptions,
  ...evaluatingOptions,
  ...savingOptions,
};

/** The values of all {@link trainOptions}: what a run is, completely. */
export type TrainConfig = OptionValues<typeof trainOptions>;
