import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * The CUDA libraries that pip put beside a plugin for NVIDIA GPUs (`nvidia/*\/lib` next to `jax_plugins`). The plugin looks for them by name
 * only, so they are loaded before it, as JAX does. Empty for other plugins, and where the system's own CUDA is used.
 */
export function nvidiaLibraries(plugin: string): string[] {
  if (!/cuda/.test(basename(plugin))) return [];
  const nvidia = join(dirname(plugin), "..", "..", "nvidia");
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((part) => join(nvidia, part, "lib"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => /\.so\.\d+$/.test(file));
}
