export {
  type EncoderParameters,
  expectParameters,
  initialParameters,
  layerNormSpecs,
  linearSpecs,
  type ParameterKind,
  parameterNamed,
  type ParameterSpec,
  type ParameterValues,
  storedNames,
} from "./parameter-spec.ts";
export {
  type ConfigReader,
  configReader,
  type DropoutRates,
  type Encoder,
  type EncoderFamily,
  type EncoderTokens,
  type ForwardOptions,
  type JsonObject,
  type NewEncoderSizes,
  openEncoder,
} from "./encoder-family.ts";
