import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { checkOptions, flagName, type OptionValues, unknownOption } from "@kindred/options";
import { distillOwnOptions, distillTrainOptions } from "./distill-options.ts";

/** What a distillation is told: its own options, and those of its training that are not as a distillation has them by default. */
export type DistillConfig = OptionValues<typeof distillOwnOptions> & {
  readonly training: { readonly [name: string]: unknown };
};

/**
 * The complete configuration of a distillation, from options by name: its own and those of its training.
 *
 * @throws ConfigError for an unknown option (naming the nearest) and a bad value; what does not fit the teacher shows when it is loaded
 *
 * @example
 * ```ts
 * import { distillConfig } from "@kindred/train";
 *
 * const config = distillConfig({ texts: ["sentences.txt"], teacher: "large", output: "small", maxSteps: 500 });
 * config.heldOutTexts; // => 500
 * config.training; // => { maxSteps: 500 }
 * ```
 */
export function distillConfig(
  given: { readonly [name: string]: unknown },
  { where = "distill", named }: { readonly where?: string; readonly named?: (name: string) => string } = {},
): DistillConfig {
  const all = { ...distillTrainOptions, ...distillOwnOptions };
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) throw unknownOption(all, unknown, where);
  const of = (table: object) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(table, name)));
  const training = of(distillTrainOptions);
  const told = { ...(named !== undefined && { named }) };
  checkOptions(distillTrainOptions, training, where, told);
  return { ...checkOptions(distillOwnOptions, of(distillOwnOptions), where, told), training };
}

/**
 * The configuration of a distillation that was begun in a folder, with what changes of its training as it goes on.
 *
 * @throws ConfigError naming the file where there is none, and for an option of the distillation itself: texts, teacher and student stay
 *
 * @example
 * ```ts ignore
 * import { distill, readDistillConfig } from "@kindred/train";
 *
 * for await (const event of distill(readDistillConfig("small"), { resume: true })) console.log(event.type);
 * ```
 */
export function readDistillConfig(
  output: string,
  changed: { readonly [name: string]: unknown } = {},
  where = "distill",
): DistillConfig {
  const own = Object.keys(changed).find((name) => Object.hasOwn(distillOwnOptions, name));
  if (own !== undefined)
    throw new ConfigError(
      `${where}: --resume takes texts, teacher and student from the distillation. Got also ${flagName(own)}. Leave it out.`,
      { key: own },
    );
  const file = join(output, "distill.json");
  let stored: { readonly config?: DistillConfig };
  try {
    stored = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${file}: cannot be read as a distillation: ${reason}.`, { file }, { cause });
  }
  if (stored.config === undefined) throw new ConfigError(`${file}: holds no distillation. Begin a new one.`, { file });
  const { training } = distillConfig(changed, { where });
  return { ...stored.config, output, training: { ...stored.config.training, ...training } };
}
