import { ConfigError } from "@kindred/errors";

/** Refuses an epsilon that is negative or not a number. */
export function expectEpsilon(functionName: string, epsilon: number): void {
  if (epsilon >= 0 && epsilon < Infinity) return;
  throw new ConfigError(
    `${functionName}: bad epsilon. Got ${epsilon}, expected a number of at least 0. Look at layer_norm_eps in config.json.`,
    { epsilon },
  );
}
