import { existsSync, realpathSync } from "node:fs";
import { ConfigError } from "@kindred/errors";
import { Client } from "./client.ts";
import type { ClientOptions } from "./create-client.ts";
import { endProfiling } from "./end-profiling.ts";
import { readNamedValues, type NamedValues } from "./named-values.ts";
import { loadNative, type Native } from "./native.ts";
import { PjrtApi } from "./pjrt-api.ts";
import { nvidiaLibraries } from "./nvidia-libraries.ts";
import { Topology } from "./topology.ts";
import { checkFlags } from "./unknown-flags.ts";

/** What a plugin may print. */
export type PluginOptions = {
  /** 0 prints everything, 3 only what ends the process. Where `TF_CPP_MIN_LOG_LEVEL` is set, that counts. Default 3. */
  readonly logLevel?: 0 | 1 | 2 | 3;
};

/**
 * A plugin that is loaded: XLA for one kind of device. It stays loaded until the process ends.
 *
 * @example
 * ```ts ignore
 * const plugin = await openPlugin(path);
 * plugin.apiVersion; // => [0, 115]
 * plugin.attributes["stablehlo_current_version"]; // => [1, 20, 0]
 * ```
 */
export class Plugin {
  readonly path: string;
  /** The version of the C API that it speaks. */
  readonly apiVersion: readonly [major: number, minor: number];
  /** What it tells of itself: `xla_version`, `stablehlo_current_version`, … */
  readonly attributes: NamedValues;
  readonly #api: PjrtApi;

  /** @internal */
  constructor(path: string, api: PjrtApi) {
    this.path = path;
    this.apiVersion = api.version;
    this.#api = api;
    api.call("Plugin_Initialize", {});
    const found = api.call("Plugin_Attributes", {});
    this.attributes = readNamedValues(api.native, found.pointer("attributes"), found.number("num_attributes"));
  }

  /**
   * Its devices.
   *
   * @throws PjrtError if the machine has none for it, or another process has them
   */
  client(options: ClientOptions = {}): Client {
    return new Client(this.#api, options);
  }

  /**
   * A kind of machine to compile for, by the plugin's own name for it.
   *
   * @throws PjrtError if it knows none of that name, or can't compile ahead of time (CPUs)
   */
  topology(name: string, options: NamedValues = {}): Topology {
    return new Topology(this.#api, name, options);
  }
}

const plugins = new Map<string, Promise<Plugin>>();

/**
 * Loads a PJRT plugin: a shared library with XLA for one kind of device. Loading it again gives the same one.
 *
 * A plugin is native code and may do anything; load only what the machine's owner put there.
 *
 * @param path of the library
 * @throws ConfigError if nothing is there, koffi is not installed, the plugin has another major version, or does not know a flag of
 *   `XLA_FLAGS`
 * @throws PjrtError if it refuses to start
 * @example
 * ```ts ignore
 * const plugin = await openPlugin(findPlugin());
 * const client = plugin.client({ devices: 2 });
 * client.devices.map(({ kind }) => kind); // => ["cpu", "cpu"]
 * ```
 */
export async function openPlugin(path: string, options: PluginOptions = {}): Promise<Plugin> {
  if (!existsSync(path))
    throw new ConfigError(
      `openPlugin: no plugin is there. Got ${path}, expected a file such as pjrt_c_api_cpu_plugin.so.`,
      {
        plugin: path,
      },
    );
  const real = realpathSync(path);
  const known = plugins.get(real);
  if (known !== undefined) return known;
  const opened = open(real, options);
  plugins.set(real, opened);
  opened.catch(() => plugins.delete(real));
  return opened;
}

async function open(path: string, { logLevel = 3 }: PluginOptions): Promise<Plugin> {
  const native = await loadNative();
  const variable = "TF_CPP_MIN_LOG_LEVEL";
  if (native.environment(variable) === null) native.setEnvironment(variable, String(logLevel));
  checkFlags(native.environment("XLA_FLAGS") ?? "", path);
  watchExit(native);
  return new Plugin(path, new PjrtApi(native, native.openTable(path, nvidiaLibraries(path)), path));
}

let isExitWatched = false;

/** Before the library is opened, as loading alone may begin to profile; one listener is enough for all plugins, and for tries that fail. */
function watchExit(native: Native): void {
  if (!isExitWatched) process.on("exit", () => endProfiling(native));
  isExitWatched = true;
}
