import type { NamedValues } from "./named-values.ts";
import { readNamedValues } from "./named-values.ts";
import type { OpenClient } from "./open-client.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";

/** What a device is, there or in a topology. */
export type DeviceDescription = {
  /** Unique among the devices of all hosts. Not always its place in the list. */
  readonly id: number;
  /** `cpu`, `TPU v3`, `NVIDIA H100`, … */
  readonly kind: string;
  /** One line for people. */
  readonly description: string;
  /** The process, among those of all hosts, that it belongs to. */
  readonly process: number;
  /** What else the plugin tells of it: its coordinates, its core. */
  readonly attributes: NamedValues;
};

/** A device's memory, in bytes; a limit and a peak where the plugin knows them. */
export type DeviceMemory = { readonly used: number; readonly peak?: number; readonly limit?: number };

/** A device on which programs run. */
export type Device = DeviceDescription & {
  /** Its memory, or undefined where the plugin can't tell (CPUs). */
  memory(): DeviceMemory | undefined;
};

/** Reads what a plugin tells of a device. */
export function describeDevice(api: PjrtApi, description: bigint): DeviceDescription {
  const device_description = description;
  const kind = api.call("DeviceDescription_Kind", { device_description }).text("device_kind", "device_kind_size");
  const text = api.call("DeviceDescription_ToString", { device_description }).text("to_string", "to_string_size");
  const process = api.call("DeviceDescription_ProcessIndex", { device_description }).number("process_index");
  const found = api.call("DeviceDescription_Attributes", { device_description });
  const attributes = readNamedValues(api.native, found.pointer("attributes"), found.number("num_attributes"));
  const id = api.call("DeviceDescription_Id", { device_description }).number("id");
  return { id, kind, description: text, process, attributes };
}

/** A device of a client. */
export function readDevice(client: OpenClient, pointer: bigint): Device {
  const { api } = client;
  const description = api.call("Device_GetDescription", { device: pointer }).pointer("device_description");
  return Object.freeze({
    ...describeDevice(api, description),
    memory() {
      client.check("memory");
      try {
        const stats = api.call("Device_MemoryStats", { device: pointer });
        return {
          used: stats.number("bytes_in_use"),
          ...(stats.number("peak_bytes_in_use_is_set") === 0 ? {} : { peak: stats.number("peak_bytes_in_use") }),
          ...(stats.number("bytes_limit_is_set") === 0 ? {} : { limit: stats.number("bytes_limit") }),
        };
      } catch (error) {
        if (error instanceof PjrtError && error.code === "UNIMPLEMENTED") return undefined;
        throw error;
      }
    },
  });
}
