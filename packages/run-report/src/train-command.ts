import { flagName } from "@kindred/options";
import { type TrainConfig, trainOptions } from "@kindred/trainer";

/** What another run has of its own, or the command sets by itself. */
const leftOut = ["data", "output", "revectorize"];

/**
 * The command that trains by a configuration: every option that is not at its default, as flags for a shell.
 *
 * @param program the file of the run's program, if it had one
 */
export function trainCommand(config: TrainConfig, program?: string): string {
  const flags = Object.entries(trainOptions).flatMap(([name, option]) => {
    const value: unknown = Reflect.get(config, name);
    const isCounted = name === "maxSteps" && config.epochs !== undefined; // from the epochs, which say the length
    if (isCounted || leftOut.includes(name) || JSON.stringify(value) === JSON.stringify(option.default)) return [];
    const flag = flagName(name);
    if (typeof value === "boolean") return [value ? flag : flag.replace(/^--/, "--no-")];
    return (Array.isArray(value) ? value : [value]).flatMap((one) => [flag, quoted(String(one))]);
  });
  const ofProgram = program === undefined ? [] : ["--program", quoted(program)];
  return ["npx kindred-train", quoted(config.data), ...ofProgram, ...flags].join(" ");
}

/** A text as one word of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
