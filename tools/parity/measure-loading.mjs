import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * How long loading takes, and how far the process grows over what it was, in multiples of the weights' float32 size: the wasm
 * heap, buffers and garbage included. The weights files are read once before, so that the disk does not count.
 *
 * @param {string} folder
 * @param {() => Promise<import("@kindred/sentence-encoder").SentenceEncoder>} load
 */
export async function measureLoading(folder, load) {
  await readWeights(folder); // into the system's cache
  const readSeconds = await readWeights(folder);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  const started = performance.now();
  const encoder = await load();
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  peak = Math.max(peak, process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024);
  const sizeOf = (/** @type {{ readonly shape: readonly number[] }} */ { shape }) => shape.reduce((a, b) => a * b, 1);
  const bytes = encoder.model.encoder.specs.reduce((sum, spec) => sum + 4 * sizeOf(spec), 0);
  return { encoder, seconds, readSeconds, peakRatio: (peak - before) / bytes };
}

/** Reads the weights files of a folder through one small buffer; gives the seconds. @param {string} folder */
async function readWeights(folder) {
  const started = performance.now();
  const buffer = new Uint8Array(2 ** 22);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!/\.(safetensors|bin)$/.test(name) || !(await stat(path)).isFile()) continue;
    const file = await open(path);
    while ((await file.read(buffer)).bytesRead > 0);
    await file.close();
  }
  return (performance.now() - started) / 1000;
}
