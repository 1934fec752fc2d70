// npm run build:kernels: compiles assembly/ to src/generated/*.ts.
import { fileURLToPath } from "node:url";
import { writeKernels } from "../../../tools/kernels/write-kernels.mjs";
import { kernelBuilds } from "./kernel-builds.mjs";

await writeKernels(fileURLToPath(new URL("..", import.meta.url)), kernelBuilds);
