// The builds of the kernels: for every engine, and for those that multiply and add at once.
import { fileURLToPath } from "node:url";

const assembly = fileURLToPath(new URL("../assembly", import.meta.url));

export const kernelBuilds = {
  simd: { assembly, features: ["simd"] },
  relaxed: { assembly, features: ["simd", "relaxed-simd"] },
};
