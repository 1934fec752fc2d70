/**
 * The command-line spelling of an option's name.
 *
 * @example
 * ```ts
 * import { flagName } from "@kindred/command-line";
 *
 * flagName("adamBeta1"); // => "--adam-beta1"
 * ```
 */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
