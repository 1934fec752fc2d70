// npm run build:kernels: compiles assembly/ to src/generated/*.ts.
import { fileURLToPath } from "node:url";
import { writeKernels } from "../../../tools/kernels/write-kernels.mjs";
import { frozenVariants } from "./frozen-variants.mjs";
import { kernelVariants } from "./kernel-variants.mjs";

const folder = fileURLToPath(new URL("..", import.meta.url));
await writeKernels(folder, kernelVariants);
await writeKernels(folder, frozenVariants, "frozen");
