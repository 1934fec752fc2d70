import { readFileSync } from "node:fs";
import { presentPlugins } from "../../xla/plugins.mjs";
import { CannotError } from "../contestant.mjs";

/**
 * XLA for this machine's processor: the newer of the plugins that the tests use.
 *
 * XLA takes as many threads as the variable NPROC says when the plugin is loaded, so this comes before.
 *
 * @param {number} threads
 * @returns {string} the path of its library
 * @throws CannotError if it was not fetched
 */
export function cpuPlugin(threads) {
  const [plugin] = presentPlugins();
  if (plugin === undefined)
    throw new CannotError("there is no PJRT plugin for CPUs; node tools/xla/fetch-plugins.mjs fetches one with pip");
  process.env["NPROC"] = String(threads);
  return plugin.path;
}

/** Whether the processor multiplies bfloat16 by instructions of its own (AVX-512 BF16): without them XLA's products of it are no faster. */
export function multipliesBfloat16() {
  try {
    return /^flags\b.*\bavx512_bf16\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false; // another system than Linux
  }
}
