import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nvidiaLibraries } from "./nvidia-libraries.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-nvidia-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (path: string) => {
  const made = join(folder, path);
  mkdirSync(dirname(made), { recursive: true });
  writeFileSync(made, "");
  return made;
};

test("finds the CUDA libraries beside JAX's plugin, and none for other plugins", () => {
  const cuda = file("jax_plugins/xla_cuda13/xla_cuda_plugin.so");
  const cpu = file("jax_plugins/xla_cpu/xla_cpu_plugin.so");
  expect(nvidiaLibraries(cuda)).toEqual([]);
  const libraries = ["nvidia/cu13/lib/libcublas.so.13", "nvidia/cudnn/lib/libcudnn.so.9"].map(file);
  file("nvidia/cudnn/lib/libcudnn.a");
  file("nvidia/cudnn/include/cudnn.h");
  expect(nvidiaLibraries(cuda).sort()).toEqual(libraries);
  expect(nvidiaLibraries(cpu)).toEqual([]);
});
