import { ConfigError } from "@kindred/errors";
import { type Client, findPlugin, openPlugin, type Plugin } from "@kindred/pjrt";
import { type DefinedEngine, defineEngine, type EngineParts } from "@kindred/tensor";
import { defaultFolder, openCompiledFolder } from "./compiled-folder.ts";
import { type Compiled, Programs } from "./compiler.ts";
import { partsOnClient, type XlaExtra } from "./parts-on-client.ts";

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
  const { plugin, devices, products = "float32", cacheFolder, onCompile } = options;
  if (devices !== undefined && !(Number.isInteger(devices) && devices > 0)) {
    throw new ConfigError(
      `xla: no number of devices. Got ${devices}, expected a whole number from 1 on. Leave it out for one of a CPU, all of others.`,
      { devices },
    );
  }
  const load = async () => {
    const key = JSON.stringify([plugin, devices, products, cacheFolder]);
    const opened = loaded.get(key) ?? open(options);
    loaded.set(key, opened);
    opened.catch(() => loaded.delete(key)); // another start may find what this one lacked
    const { parts, listeners } = await opened;
    const enter = () => {
      if (onCompile !== undefined) listeners.add(onCompile);
      return () => void (onCompile !== undefined && listeners.delete(onCompile));
    };
    return { ...parts, enter };
  };
  return defineEngine({ name: "xla", load }); // without a module: devices belong to one thread
}

type Opened = { readonly parts: EngineParts<XlaExtra>; readonly listeners: Set<(compiled: Compiled) => void> };

/** What this thread has opened, by what was asked for. */
const loaded = new Map<string, Promise<Opened>>();

async function open({
  plugin: path,
  devices,
  products = "float32",
  cacheFolder = defaultFolder(),
}: XlaOptions): Promise<Opened> {
  const plugin = await openPlugin(findPlugin(path === undefined ? {} : { plugin: path }));
  const client = clientWith(plugin, devices);
  try {
    return await openOn(client, plugin, { devices, products, cacheFolder });
  } catch (error) {
    client.close(); // else its devices would stay taken
    throw error;
  }
}

type OpenOptions = Required<Pick<XlaOptions, "products" | "cacheFolder">> & { readonly devices: number | undefined };

async function openOn(
  client: Client,
  plugin: Plugin,
  { devices, products, cacheFolder }: OpenOptions,
): Promise<Opened> {
  const count = devices ?? (client.platform === "cpu" ? 1 : client.devices.length);
  const folder = cacheFolder === false ? undefined : openCompiledFolder(cacheFolder, { client, plugin });
  const listeners = new Set<(compiled: Compiled) => void>();
  const programs = new Programs({
    client,
    portable: count > 1,
    folder,
    onCompile: (compiled) => {
      for (const listener of listeners) listener(compiled);
    },
  });
  const parts = await partsOnClient({ client, count, products, programs });
  return { parts, listeners };
}

/** A client with so many devices at least. */
function clientWith(plugin: Plugin, devices: number | undefined): Client {
  const client = plugin.client();
  if (devices === undefined || devices <= client.devices.length) return client;
  client.close();
  if (client.platform === "cpu") return plugin.client({ devices });
  throw new ConfigError(
    `xla: there are not so many devices. Got ${devices}, expected 1 to ${client.devices.length} of ${client.platform}. Leave it out for all.`,
    {
      devices,
    },
  );
}
