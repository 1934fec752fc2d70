export { mpnetConfig, type MpnetConfig } from "./mpnet-config.ts";
export { configJson } from "./config-json.ts";
export { weightNames, type WeightShape } from "./weight-names.ts";
export { canonicalWeightName } from "./canonical-weight-name.ts";
export { initialParameters, type WeightValues } from "./initial-parameters.ts";
export {
  mpnetParameters,
  type LayerNormParameters,
  type LinearParameters,
  type MpnetLayerParameters,
  type MpnetParameters,
} from "./mpnet-parameters.ts";
export { relativeBucket } from "./relative-bucket.ts";
export { mpnet, type MpnetOptions } from "./mpnet.ts";
