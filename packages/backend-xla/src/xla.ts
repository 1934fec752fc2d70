import { ConfigError } from "@kindred/errors";
import { type Client, findPlugin, openPlugin, type Plugin } from "@kindred/pjrt";
import { type DefinedEngine, defineEngine } from "@kindred/tensor";
import { defaultFolder, openCompiledFolder } from "./compiled-folder.ts";
import { type Compiled, Programs } from "./compiler.ts";
import { type PartsOnClient, partsOnClient, type XlaExtra } from "./parts-on-client.ts";

/** Options of {@link xla}. */
export type XlaOptions = {
  /** The PJRT plugin's file. Default: the first that `findPlugin` of `@kindred/pjrt` finds. */
  readonly plugin?: string;
  /** How many devices this thread drives: so many are made of a CPU, elsewhere they are the first that are there. Default: all, of a CPU one. */
  readonly devices?: number;
  /**
   * How large products are computed: `"bfloat16"` converts their operands, sums stay float32. Small products (attention's, pooling) are float32
   * always. So is the rest with `"float32"`, also where the hardware multiplies bfloat16 only (TPUs), several times for one product. Default
   * `"float32"`.
   */
  readonly products?: "float32" | "bfloat16";
  /** Where compiled programs are kept from run to run, or `false` for nowhere. Default: `~/.cache/kindred/xla`. */
  readonly cacheFolder?: string | false;
  /** Is told of every program that was compiled, or loaded from the folder. */
  readonly onCompile?: (compiled: Compiled) => void;
};

/**
 * XLA as an engine: ops are recorded instead of run, and what was recorded is compiled once and run on TPU cores, GPUs or CPUs, through a PJRT plugin.
 *
 * Its start throws ConfigError where there is no plugin, koffi is not installed, or the folder for compiled programs is not the user's own.
 *
 * @throws ConfigError for options that are none.
 * @example
 * ```ts ignore
 * import { xla } from "@kindred/backend-xla";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const engine = await xla({ devices: 2 }).start();
 * tf.add(tf.tensor1d([1, 2]), 1).dataSync(); // => [2, 3]
 * ```
 */
export function xla(options: XlaOptions = {}): DefinedEngine<XlaExtra> {
  const { devices, onCompile } = options;
  if (devices !== undefined && !(Number.isInteger(devices) && devices > 0)) {
    throw new ConfigError(
      `xla: no number of devices. Got ${devices}, expected a whole number from 1 on. Leave it out for one of a CPU, all of others.`,
      { devices },
    );
  }
  const load = async () => {
    const { parts, listeners } = await openedFor(options);
    const enter = () => {
      if (onCompile !== undefined) listeners.add(onCompile);
      return () => void (onCompile !== undefined && listeners.delete(onCompile));
    };
    return { ...parts, enter };
  };
  return defineEngine({ name: "xla", load }); // without a module: devices belong to one thread
}

type Opened = PartsOnClient & { readonly client: Client; readonly listeners: Set<(compiled: Compiled) => void> };

/** What this thread has opened, by what was asked for. It stays until its client is closed, or the process ends. */
const loaded = new Map<string, Promise<Opened>>();

async function openedFor(options: XlaOptions): Promise<Opened> {
  const { plugin, devices, products = "float32", cacheFolder } = options;
  const key = JSON.stringify([plugin, devices, products, cacheFolder]);
  const before = loaded.get(key);
  // Whoever asks meanwhile waits for this one, and has what it has.
  const opened = (before ?? Promise.resolve(undefined)).then((known) => {
    if (known?.client.isOpen === true) return known;
    known?.remove();
    return open(options);
  });
  loaded.set(key, opened);
  opened.catch(() => loaded.get(key) === opened && loaded.delete(key)); // another start may find what this one lacked
  return opened;
}

async function open({
  plugin: path,
  devices,
  products = "float32",
  cacheFolder = defaultFolder(),
}: XlaOptions): Promise<Opened> {
  const plugin = await openPlugin(findPlugin(path === undefined ? {} : { plugin: path }));
  const { client, isNew } = clientWith(plugin, devices);
  try {
    const count = devices ?? (client.platform === "cpu" ? 1 : client.devices.length);
    const folder = cacheFolder === false ? undefined : openCompiledFolder(cacheFolder, { client, plugin });
    const listeners = new Set<(compiled: Compiled) => void>();
    const onCompile = (compiled: Compiled) => {
      for (const listener of listeners) listener(compiled);
    };
    const programs = new Programs({ client, portable: count > 1, folder, onCompile });
    return { ...(await partsOnClient({ client, count, products, programs })), client, listeners };
  } catch (error) {
    if (isNew) client.close(); // else its devices would stay taken
    throw error;
  }
}

/** The clients of this thread by their plugins. TPUs and GPUs can be had once: engines that compute otherwise share them. */
const clients = new WeakMap<Plugin, Client[]>();

/** A client with so many devices at least, one that is open where there is one; of CPUs one with just so many, as they are made. */
function clientWith(plugin: Plugin, devices = 1): { readonly client: Client; readonly isNew: boolean } {
  const open = (clients.get(plugin) ?? []).filter(({ isOpen }) => isOpen);
  const known = open.find((client) => client.platform !== "cpu" || client.devices.length === devices);
  const client = known ?? plugin.client({ devices });
  clients.set(plugin, known === undefined ? [...open, client] : open);
  const isNew = known === undefined;
  const { platform, devices: own } = client;
  if (devices <= own.length) return { client, isNew };
  if (isNew) client.close();
  throw new ConfigError(
    `xla: there are not so many devices. Got ${devices}, expected 1 to ${own.length} of ${platform}. Leave it out for all.`,
    { devices },
  );
}
