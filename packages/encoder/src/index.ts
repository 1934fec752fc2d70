export {
  type EncoderParameters,
  expectParameters,
  layerNormSpecs,
  linearSpecs,
  type ParameterKind,
  parameterNamed,
  type ParameterSpec,
  storedNames,
} from "./parameter-spec.ts";
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
