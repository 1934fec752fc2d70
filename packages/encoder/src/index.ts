export type { EncoderParameters, ParameterKind, ParameterSpec } from "./parameter-spec.ts";
export type {
  DropoutRates,
  Encoder,
  EncoderFamily,
  EncoderTokens,
  ForwardOptions,
  JsonObject,
  NewEncoderSizes,
} from "./encoder-family.ts";
export { type ConfigReader, configReader } from "./config-reader.ts";
export { openEncoder } from "./open-encoder.ts";
export { initialParameters, type ParameterValues } from "./initial-parameters.ts";
export { layerNormSpecs, linearSpecs } from "./linear-specs.ts";
export { storedNames } from "./stored-names.ts";
export { expectParameters, parameterNamed } from "./expect-parameters.ts";
