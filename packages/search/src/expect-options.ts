import { ConfigError } from "@kindred/errors";

/**
 * Refuses what is no whole number from `least` on.
 *
 * @throws ConfigError that names the function and the option
 */
export function expectWhole(where: string, options: { readonly [name: string]: number }, least = 1): void {
  for (const [name, value] of Object.entries(options)) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new ConfigError(`${where}: ${name} does not fit. Got ${value}, expected a whole number from ${least} on.`, {
      [name]: value,
    });
  }
}
