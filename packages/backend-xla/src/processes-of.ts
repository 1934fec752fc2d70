import { ConfigError } from "@kindred/errors";
import type { Client } from "@kindred/pjrt";

/** Which of several processes this is: on each host of a TPU slice runs one, with equally many devices. */
export type Processes = { readonly index: number; readonly count: number };

/**
 * The processes whose devices a client's programs may run on. What runs together runs on the devices of all of them.
 *
 * @throws ConfigError if they have not equally many devices, or if the caller drives a part of this process's
 */
export function processesOf(
  { devices, allDevices, process }: Pick<Client, "devices" | "allDevices" | "process">,
  driven: number,
): Processes {
  const count = allDevices.length / devices.length;
  if (count === 1) return { index: 0, count: 1 };
  const ownOf = (index: number) => allDevices.filter((device) => device.process === index).length;
  const alike =
    Number.isInteger(count) && Array.from({ length: count }, (_, i) => ownOf(i)).every((own) => own === devices.length);
  if (alike && driven === devices.length) return { index: process, count };
  throw new ConfigError(
    `xla: several hosts run one program on all of their devices, as many on each. Got ${driven} of ${devices.length} devices of this host, ${allDevices.length} of all hosts. ` +
      "Leave devices out, and use a slice whose hosts are alike.",
    { devices: driven, own: devices.length, all: allDevices.length },
  );
}
