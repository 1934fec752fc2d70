import { FormatError } from "@kindred/errors";
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import type { StoredTensors } from "./model-folder.ts";

/** The name of a static embedding's table, a row for each token, in sentence-transformers' files and here. */
export const staticTableName = "embedding.weight";

/**
 * The table of a static embedding's weights as one tensor, a row for each token. sentence-transformers has it as it is; model2vec's
 * `embeddings` may be shared by several tokens (`mapping`: the row of each) and weighted (`weights`, one for each token), which is multiplied in.
 *
 * Tables of whole numbers (int8) have lost their scale in model2vec's files, and vectors of them have any length.
 *
 * @throws FormatError for weights without a table, and when it is read, for a mapping or weights that do not fit it
 */
export function staticTable(weights: StoredTensors): StoredTensors {
  const refuse = (what: string): never => {
    throw new FormatError({ file: weights.file }, what);
  };
  const tableName = [staticTableName, "embeddings"].find((name) => weights.tensors.has(name)) ?? "";
  const table =
    weights.tensors.get(tableName) ?? refuse(`no table of tokens. Expected ${staticTableName} or embeddings.`);
  const [rows = 0, features = 0, ...more] = table.shape;
  if (rows < 1 || features < 1 || more.length > 0)
    refuse(`${tableName} is no table. Got [${table.shape}], expected [tokens, features].`);
  const isOfModel2vec = tableName !== staticTableName;
  const [mapping, weighting] = ["mapping", "weights"].map((name) =>
    isOfModel2vec ? weights.tensors.get(name) : undefined,
  );
  const tokens = mapping?.shape[0] ?? rows;
  for (const [name, tensor] of [["mapping", mapping] as const, ["weights", weighting] as const])
    if (tensor !== undefined && (tensor.shape.length !== 1 || tensor.shape[0] !== tokens))
      refuse(`${name} does not fit. Got [${tensor.shape}], expected one number for each of ${tokens} tokens.`);
  const isAsItIs = mapping === undefined && weighting === undefined && ["F32", "F16", "BF16"].includes(table.dtype);
  const shape = [tokens, features];
  const read = async () => {
    const stored = await weights.read(tableName);
    if (isAsItIs) return stored;
    const values = toFloat32(stored);
    if (mapping === undefined && weighting === undefined) return fromFloat32(values, shape, "F32", { copy: false });
    const rowOf = mapping && toFloat32(await weights.read("mapping"));
    const weightOf = weighting && toFloat32(await weights.read("weights"));
    const folded = new Float32Array(tokens * features);
    // `!`: both have a number for each token.
    for (let token = 0; token < tokens; token++) {
      const row = rowOf === undefined ? token : rowOf[token]!;
      if (!(Number.isInteger(row) && row >= 0 && row < rows))
        refuse(`mapping leads outside the table. Got row ${row} for token ${token}, expected one of ${rows}.`);
      const weight = weightOf === undefined ? 1 : weightOf[token]!;
      for (let k = 0; k < features; k++) folded[token * features + k] = weight * values[row * features + k]!;
    }
    return fromFloat32(folded, shape, "F32", { copy: false });
  };
  const summary = isAsItIs ? table : { dtype: "F32" as const, shape, byteLength: 4 * tokens * features };
  return {
    file: weights.file,
    tensors: new Map([[staticTableName, summary]]),
    read: async (name) => (name === staticTableName ? read() : refuse(`no tensor ${JSON.stringify(name)}.`)),
    close: weights.close,
  };
}
