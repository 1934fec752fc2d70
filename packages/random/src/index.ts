export { childKey, type Key, keyFromSeed } from "./key.ts";
export { threefry2x32, threefryInto } from "./threefry.ts";
export { uniform, uniformAt } from "./uniform.ts";
export { integerAt } from "./integer-at.ts";
export { normal, type NormalOptions } from "./normal.ts";
export { permutation } from "./permutation.ts";
export { dropoutCounter, dropoutKeep, type DropoutPlace, dropoutThreshold } from "./dropout.ts";
