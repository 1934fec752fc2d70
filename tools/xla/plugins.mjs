// The plugins that tests run on: XLA for CPUs, from PyPI, 34 minor versions of PJRT apart.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A plugin as PyPI has it.
 *
 * @typedef {object} PluginWheel
 * @property {string} name what tests call it
 * @property {string} package
 * @property {string} version
 * @property {string} sha256 of the wheel
 * @property {string} library its path in the wheel
 * @property {string} [header] the path of the C header, where it brings one
 */

/** @type {readonly PluginWheel[]} */
export const wheels = [
  {
    name: "lammps",
    package: "lammps-jax-pjrt-cpu",
    version: "0.11.2",
    sha256: "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
    library: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
  },
  {
    name: "xla-cpu",
    package: "xla-cpu-pjrt",
    version: "0.0.1",
    sha256: "55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc",
    library: "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so",
    header: "xla_plugins/xla_cpu_pjrt/include/pjrt_c_api.h",
  },
];

/** Where they are kept: in the user's cache, so that every checkout finds them. */
export const pluginsFolder = join(
  process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
  "kindred",
  "pjrt-plugins",
);

/** Where one is kept. @param {PluginWheel} wheel */
export function folderOf(wheel) {
  return join(pluginsFolder, `${wheel.package}-${wheel.version}`);
}

/**
 * The plugins that are there, with paths.
 *
 * @returns {{ name: string, path: string, header?: string }[]}
 */
export function presentPlugins() {
  return wheels
    .filter((wheel) => existsSync(join(folderOf(wheel), wheel.library)))
    .map((wheel) => ({
      name: wheel.name,
      path: join(folderOf(wheel), wheel.library),
      ...(wheel.header === undefined ? {} : { header: join(folderOf(wheel), wheel.header) }),
    }));
}
