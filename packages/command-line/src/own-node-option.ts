import * as v from "valibot";
import { type Option, option } from "./option.ts";

/**
 * The switch `--own-node`, for the table and the help of a command that `runCommand` starts: `runCommand` heeds it, wherever it
 * stands before `--`, and takes it off the arguments.
 *
 * @example
 * ```ts
 * import { optionHelp, ownNodeOption } from "@kindred/command-line";
 *
 * optionHelp({ ownNode: ownNodeOption }); // => "  --own-node\n      Run on this Node even if npm has brought a newer one."
 * ```
 */
export const ownNodeOption: Option<boolean> = option(
  v.boolean(),
  false,
  "Run on this Node even if npm has brought a newer one.",
);
