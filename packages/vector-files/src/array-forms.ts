import { type Dtype, npyHead, planSafetensors } from "@kindred/tensor-files";
import type { VectorColumns, VectorForm, VectorRows } from "./vector-form.ts";

const nothing = new Uint8Array();

/** The vectors alone, as they lie in memory: little-endian on every machine that runs WebAssembly. */
function numbers(_columns: VectorColumns, { embeddings }: VectorRows) {
  return { bytes: new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength) };
}

/** What an element is called. */
function dtypeOf({ precision }: VectorColumns): Dtype {
  if (precision === "float32") return "F32";
  return precision === "int8" || precision === "binary" ? "I8" : "U8";
}

/**
 * `.npy`: one array of rows × dimension, float32 or whole numbers of one byte, as `numpy.save` writes it.
 *
 * @see NumPy documentation, numpy.lib.format
 */
export const npyForm: VectorForm = {
  name: "npy",
  ending: ".npy",
  holds: { ids: false, texts: false },
  streams: false,
  head: (columns, rows) => npyHead(dtypeOf(columns), [rows, columns.dimension]),
  piece: numbers,
  end: () => nothing,
};

/** Bytes of a head that has room for any number of rows: it is written again once they are counted. */
const safetensorsHeadBytes = 256;

/** `.safetensors`: one tensor `embeddings` of rows × dimension. */
export const safetensorsForm: VectorForm = {
  name: "safetensors",
  ending: ".safetensors",
  holds: { ids: false, texts: false },
  streams: false,
  head(columns, rows) {
    const tensor = { dtype: dtypeOf(columns), shape: [rows, columns.dimension] };
    return planSafetensors([["embeddings", tensor]], { headBytes: safetensorsHeadBytes }).header;
  },
  piece: numbers,
  end: () => nothing,
};
