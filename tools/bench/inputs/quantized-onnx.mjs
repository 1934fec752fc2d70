import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeExportedBert, writeOnnxModel } from "./onnx-model.mjs";
import { runPython } from "./run-python.mjs";

/**
 * The ONNX graph of a model folder with 8-bit products, made once by python/quantize_onnx.py.
 *
 * @param {string} folder
 * @param {string} python an interpreter with the packages onnx and onnxruntime
 * @returns {Promise<string>} its name in the folder
 * @throws CannotError if that fails
 */
export async function quantizedOnnx(folder, python) {
  const graph = "model_int8.onnx";
  await writeOnnxModel(folder);
  await quantize(join(folder, "model.onnx"), join(folder, graph), python);
  return graph;
}

/**
 * The same of the graph that transformers.js looks for, where it looks for it.
 *
 * @param {string} folder
 * @param {string} python
 */
export async function quantizedBert(folder, python) {
  await writeExportedBert(folder);
  await quantize(join(folder, "onnx", "model.onnx"), join(folder, "onnx", "model_quantized.onnx"), python);
}

/** @param {string} source @param {string} target @param {string} python */
async function quantize(source, target, python) {
  if (!existsSync(target)) await runPython(python, "quantize_onnx.py", [source, target]);
}
