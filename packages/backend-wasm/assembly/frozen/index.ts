// What the modules of frozen linear maps export. Packed weights and scratch lie in a memory of their own, which threads may share; numbers
// come from the heap and go there, which is another memory, or the same.
export * from "./linear-floats";
export { integersScratchBytes, linearIntegers, relaxedDot } from "./linear-integers";
export * from "./pack-weights";
