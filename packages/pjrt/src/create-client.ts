import { ConfigError } from "@kindred/errors";
import { type NamedValues, writeNamedValues } from "./named-values.ts";
import { OpenClient } from "./open-client.ts";
import type { PjrtApi } from "./pjrt-api.ts";

/** How a client is opened. */
export type ClientOptions = {
  /** How many devices a CPU plugin makes, 1 to 1024. Elsewhere the machine says how many there are. Default 1. */
  readonly devices?: number;
  /** Options that the plugin knows, by its own names. */
  readonly options?: NamedValues;
};

/** More virtual devices than anybody needs; the plugin takes any count, and ends the process at some. */
const mostDevices = 1024;

/** Plugins that were found to be of CPUs: only those know `cpu_device_count`, and others may refuse it. */
const ofCpus = new WeakMap<PjrtApi, boolean>();

/**
 * A native client.
 *
 * @throws ConfigError if `devices` is no such count, or if the options ask for several GPU hosts
 * @throws PjrtError if the plugin finds no devices, or refuses an option
 */
export function createClient(api: PjrtApi, { devices = 1, options = {} }: ClientOptions): OpenClient {
  if (!Number.isInteger(devices) || devices < 1 || devices > mostDevices)
    throw new ConfigError(`client: no count of devices. Got ${devices}, expected 1 to ${mostDevices}.`, {
      key: "devices",
      value: devices,
    });
  refuseSeveralHosts(options);
  const create = (values: NamedValues) =>
    new OpenClient(
      api,
      api
        .call("Client_Create", {
          create_options: writeNamedValues(api.native, values),
          num_options: Object.keys(values).length,
        })
        .pointer("client"),
    );
  const ofCpu = ofCpus.get(api);
  if (ofCpu !== true) {
    const first = create(options);
    try {
      ofCpus.set(api, platformOf(first) === "cpu");
    } catch (error) {
      first.close();
      throw error;
    }
    if (ofCpus.get(api) !== true) return first;
    first.close();
  }
  return create({ cpu_device_count: devices, ...options });
}

/** The name of a client's kind of devices. */
export function platformOf({ api, pointer }: OpenClient): string {
  return api.call("Client_PlatformName", { client: pointer }).text("platform_name", "platform_name_size");
}

/** GPUs of several hosts find each other through functions that XLA calls from threads of its own, which JavaScript can't offer. */
function refuseSeveralHosts(options: NamedValues): void {
  const asked = ["num_nodes", "node_id"].filter((name) => Number(options[name] ?? 0) > (name === "num_nodes" ? 1 : 0));
  if (asked.length === 0) return;
  throw new ConfigError(
    `client: GPUs of several hosts can't be used together. Got ${asked.map((name) => `${name} = ${options[name]}`).join(", ")}, expected one host. Use the GPUs of one machine, or TPU hosts, which find each other by themselves.`,
    { key: asked[0], value: asked[0] && options[asked[0]] },
  );
}
