import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError } from "@kindred/errors";

/** A plugin on this machine. */
export type FoundPlugin = {
  readonly path: string;
  /** What led to it: an option, a variable, or `python3`'s packages. */
  readonly from: string;
  /** Why it is passed over: this machine has none of its devices. */
  readonly unusable?: string;
};

/** Where to look. */
export type FindOptions = {
  /** A path that was named, in place of all other places. */
  readonly plugin?: string;
};

/**
 * Every plugin on this machine, the one to take first: a path that was named; else that of `PJRT_PLUGIN_PATH`, of `TPU_LIBRARY_PATH`, and those
 * among the packages of `python3`: JAX's for GPUs, libtpu, then XLA for CPUs. A path that is named and leads nowhere is refused,
 * not passed over.
 *
 * @throws ConfigError if a path is named, by the option or a variable, and nothing is there
 * @example
 * ```ts ignore
 * findPlugins().map(({ path, from }) => `${from}: ${path}`);
 * ```
 */
export function findPlugins({ plugin }: FindOptions = {}): FoundPlugin[] {
  if (plugin !== undefined) return [named(plugin, "--plugin")];
  const variables = ["PJRT_PLUGIN_PATH", "TPU_LIBRARY_PATH"].flatMap((name) => {
    const path = process.env[name];
    return path === undefined || path === "" ? [] : [named(path, name)];
  });
  return [...variables, ...pythonFolders().flatMap(pluginsOfPython)];
}

/**
 * The path of the plugin to take, the first of {@link findPlugins} whose devices this machine has.
 *
 * @throws ConfigError if there is none, with what was looked for and what to install; or if a path is named and nothing is there
 * @example
 * ```ts ignore
 * const plugin = await openPlugin(findPlugin());
 * ```
 */
export function findPlugin(options: FindOptions = {}): string {
  const found = findPlugins(options);
  const first = found.find(({ unusable }) => unusable === undefined);
  if (first !== undefined) return first.path;
  const passedOver = found.map(({ path, unusable }) => ` Passed over ${path}: ${unusable}.`).join("");
  throw new ConfigError(
    `findPlugin: no PJRT plugin. Looked at PJRT_PLUGIN_PATH and TPU_LIBRARY_PATH (not set), and among python3's packages.${passedOver} For CPUs run: pip install --no-deps lammps-jax-pjrt-cpu==0.11.2, or name a plugin's file (--plugin)`,
    { found },
  );
}

function named(path: string, from: string): FoundPlugin {
  if (existsSync(path)) return { path, from };
  throw new ConfigError(
    `findPlugin: no plugin is there. Got ${from} = ${path}, expected the path of a library such as libtpu.so.`,
    {
      key: from,
      value: path,
    },
  );
}

/** The folders of packages of the python3 that a shell would start. */
function pythonFolders(): string[] {
  const program = "import sys; print('\\n'.join(sys.path))";
  const { stdout } = spawnSync("python3", ["-c", program], { encoding: "utf8", timeout: 10_000 });
  return [...new Set((stdout ?? "").split("\n"))].filter((folder) => /(site|dist)-packages\/?$/.test(folder));
}

/** The devices of each kind of plugin, by files that their drivers make. */
const drivers = {
  cuda: { files: ["/dev/nvidiactl", "/dev/dxg"], without: "this machine has no NVIDIA GPU" },
  rocm: { files: ["/dev/kfd"], without: "this machine has no AMD GPU" },
  tpu: { files: ["/dev/accel0", "/dev/vfio/0"], without: "this machine has no TPU" },
  cpu: { files: ["/"], without: "" },
} as const;

function pluginsOfPython(folder: string): FoundPlugin[] {
  const libraries = (parent: string, name: RegExp) =>
    filesOf(join(folder, parent)).flatMap((child) =>
      filesOf(join(folder, parent, child))
        .filter((file) => name.test(file))
        .map((file) => join(folder, parent, child, file)),
    );
  const candidates = [
    ...libraries("jax_plugins", /^xla_.*_plugin\.so$/),
    ...libraries("xla_plugins", /^xla_(cuda|rocm).*\.so$/),
    join(folder, "libtpu", "libtpu.so"),
    join(folder, "lammps_jax_pjrt_cpu", "pjrt_c_api_cpu_plugin.so"),
    ...libraries("xla_plugins", /^xla_cpu.*\.so$/),
  ];
  return candidates
    .filter((path) => existsSync(path))
    .map((path) => ({ path, from: "python3's packages", ...usability(path) }));
}

function usability(path: string): { readonly unusable?: string } {
  const name = basename(path);
  const kind = (["cuda", "rocm", "tpu"] as const).find((word) => name.includes(word)) ?? "cpu";
  const { files, without } = drivers[kind];
  return files.some((file) => existsSync(file)) ? {} : { unusable: without };
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no such folder, or one that may not be read
  }
}
