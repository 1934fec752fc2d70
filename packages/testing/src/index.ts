export { sharedPath, sharedExists } from "./node/shared-path.ts";
export { describePlugins, type TestedPlugin } from "./node/describe-plugins.ts";
export { readGoldenTensors, type GoldenTensor } from "./node/read-golden-tensors.ts";
export { readJson, readJsonLines } from "./node/read-json.ts";
export {
  arbitraryFloat32Array,
  arbitraryKey,
  arbitraryLengths,
  arbitraryShape,
  arbitrarySize,
} from "./arbitraries.ts";
export { arrayDifference, type ArrayTolerance } from "./array-difference.ts";
import "./to-be-close-to-array.ts";
export { finiteDifferences } from "./finite-differences.ts";
export { expectMutantToFail } from "./expect-mutant-to-fail.ts";
export { floatsFromSeed } from "./floats-from-seed.ts";
export { opCases, type Numbers, type OpCase, type OpInput, type OpCaseOptions } from "./op-case.ts";
export { lawOf, opLaw, opLaws, type AnyOpLaw, type OpLaw, type OpTools, type TestedEngine } from "./op-law.ts";
export { checkOp } from "./check-op.ts";
export type { Differentiate } from "./op-evaluation.ts";
export { throwOnLeaks } from "./throw-on-leaks.ts";
export { toyPairs, toyVocabulary } from "./toy-pairs.ts";
