import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Float, inRows, type Layout, packed } from "@kindred/tensor";
import { readSafetensors, readTorchCheckpoint, toFloat32 } from "@kindred/tensor-files";
import { readJson } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import type { EncoderFamily, JsonObject } from "../src/encoder-family.ts";

/** The encoder of a golden model's folder, and its parameters as tensors, by the names that `parameterOf` gives them. */
export async function goldenModel(family: EncoderFamily, folder: string, changes: JsonObject = {}) {
  const file = join(folder, "config.json");
  const config = { ...readJson<JsonObject>(file), ...changes };
  return { encoder: family.open(config, { file }), parameters: await goldenParameters(family, folder) };
}

async function goldenParameters(family: EncoderFamily, folder: string): Promise<{ [name: string]: Float }> {
  const encoder = family.open(readJson<JsonObject>(join(folder, "config.json")), { file: folder });
  const safetensors = join(folder, "model.safetensors");
  const { tensors } = existsSync(safetensors)
    ? readSafetensors(readFileSync(safetensors), { file: safetensors })
    : await readTorchCheckpoint(readFileSync(join(folder, "pytorch_model.bin")), { file: folder });
  const parameters = [...tensors].flatMap(([storedName, stored]) => {
    const name = encoder.parameterOf(storedName);
    return name === undefined ? [] : [[name, tf.tensor(toFloat32(stored, { copy: true }), [...stored.shape])] as const];
  });
  return Object.fromEntries(parameters);
}

/** Sentences as a batch: end to end, unless `layOut` says otherwise. Under padding lies id 1. */
export function packedBatch(
  rows: readonly (readonly number[])[],
  layOut: (lengths: Int32Array) => Layout = packed,
): { readonly ids: Int32Array; readonly layout: Layout } {
  const layout = layOut(Int32Array.from(rows, ({ length }) => length));
  return { ids: inRows(Int32Array.from(rows.flat()), layout, 1), layout };
}

/** The rows without their padding. */
export function withoutPadding(column: { readonly ids: number[][]; readonly mask: number[][] }): number[][] {
  return column.ids.map((row, i) => row.filter((_, j) => column.mask[i]?.[j] === 1));
}
