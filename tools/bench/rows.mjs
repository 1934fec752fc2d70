// Every row of the benchmark, in the table's order.
import { adamw } from "./rows/adamw.mjs";
import { attention } from "./rows/attention.mjs";
import { coldStart } from "./rows/cold-start.mjs";
import { encode } from "./rows/encode.mjs";
import { encodeCores } from "./rows/encode-cores.mjs";
import { encodeNative } from "./rows/encode-native.mjs";
import { encodeInt8 } from "./rows/encode-int8.mjs";
import { encodeOne } from "./rows/encode-one.mjs";
import { encodePytorch } from "./rows/encode-pytorch.mjs";
import { encodeXla } from "./rows/encode-xla.mjs";
import { layer } from "./rows/layer.mjs";
import { layerEfficiency } from "./rows/layer-efficiency.mjs";
import { product } from "./rows/product.mjs";
import { product128 } from "./rows/product-128.mjs";
import { productFrozen } from "./rows/product-frozen.mjs";
import { productPytorch } from "./rows/product-pytorch.mjs";
import { productTransposed } from "./rows/product-transposed.mjs";
import { search } from "./rows/search.mjs";
import { searchNumpy } from "./rows/search-numpy.mjs";
import { servePython } from "./rows/serve-python.mjs";
import { tokenizer } from "./rows/tokenizer.mjs";
import { tokenizerRust } from "./rows/tokenizer-rust.mjs";
import { trainCores } from "./rows/train-cores.mjs";
import { trainMemory } from "./rows/train-memory.mjs";
import { trainPytorch } from "./rows/train-pytorch.mjs";
import { trainXla } from "./rows/train-xla.mjs";
import { transposedVsPlain } from "./rows/transposed-vs-plain.mjs";

/** @type {readonly import("./row.mjs").Row[]} */
export const rows = [
  product,
  product128,
  productTransposed,
  transposedVsPlain,
  productFrozen,
  productPytorch,
  attention,
  layer,
  layerEfficiency,
  encode,
  encodeNative,
  encodeOne,
  encodeInt8,
  encodePytorch,
  servePython,
  trainPytorch,
  encodeXla,
  trainXla,
  encodeCores,
  trainCores,
  trainMemory,
  adamw,
  search,
  searchNumpy,
  tokenizer,
  tokenizerRust,
  coldStart,
];
