import { ConfigError } from "@kindred/errors";
import type {
  Client,
  CompiledProgram,
  Device,
  DeviceBuffer,
  Executable,
  HostArray,
  TensorSpec,
  Topology,
} from "@kindred/pjrt";
import type { Program } from "@kindred/stablehlo";
import { type DefinedEngine, defineEngine, type EngineParts } from "@kindred/tensor";
import { Programs } from "./compiler.ts";
import { partsOnClient, type XlaExtra } from "./parts-on-client.ts";

/** Options of {@link aheadOfTime}. */
export type AheadOfTimeOptions = {
  /** As for `xla`. Default `"float32"`. */
  readonly products?: "float32" | "bfloat16";
  /** Is told of every program that was compiled, which is disposed when this returns. */
  readonly onProgram?: (program: Program, compiled: CompiledProgram) => void;
};

/**
 * An engine for the devices of a topology, which need not be there: what runs on it is recorded and compiled for them and not run, so that one
 * learns whether it compiles, what memory it needs and what it costs. It holds no numbers: all that is read of it is 0.
 *
 * A topology may be of several hosts: this engine stands for all of them.
 *
 * @throws ConfigError if the topology has no devices
 *
 * @example
 * ```ts ignore
 * import { aheadOfTime } from "@kindred/backend-xla";
 * import { openPlugin } from "@kindred/pjrt";
 *
 * const topology = (await openPlugin("libtpu.so")).topology("v5e:2x4");
 * const engine = aheadOfTime(topology, { onProgram: (_, { memory }) => console.log(memory.temporary) });
 * ```
 */
export function aheadOfTime(
  topology: Pick<Topology, "platform" | "version" | "devices" | "compile">,
  { products = "float32", onProgram }: AheadOfTimeOptions = {},
): DefinedEngine<XlaExtra> {
  const devices = topology.devices.map((device): Device => ({ ...device, memory: () => undefined }));
  const [first] = devices;
  if (first === undefined)
    throw new ConfigError("aheadOfTime: the topology has no devices. Got 0, expected at least one.", {});
  const compile = (program: Program): Executable => {
    const compiled = topology.compile(program, { replicas: program.replicas });
    try {
      onProgram?.(program, compiled);
    } finally {
      compiled.dispose();
    }
    return hollowExecutable(program, devices);
  };
  const hollow: HollowClient = {
    platform: topology.platform,
    version: topology.version,
    devices,
    allDevices: devices, // this process stands for all
    process: 0,
    put: (_, { shape, type, device = first }) => hollowBuffer({ shape, type: type ?? "f32" }, device),
    compile,
  };
  // All of a client that an engine uses, on devices that hold nothing.
  const client = hollow as unknown as Client;
  const programs = new Programs({ client, portable: true, folder: undefined, onCompile: () => {} });
  let parts: Promise<EngineParts<XlaExtra>> | undefined;
  const open = async () => {
    const opened = await partsOnClient({ client, count: devices.length, products, programs });
    const end = () => {
      parts = undefined;
      opened.remove();
      programs.clear();
    };
    return { ...opened.parts, end };
  };
  const load = () => {
    parts ??= open();
    parts.catch(() => {
      parts = undefined;
    });
    return parts;
  };
  return defineEngine({ name: "xla ahead of time", load });
}

type HollowClient = Pick<Client, "platform" | "version" | "devices" | "allDevices" | "process" | "put"> & {
  compile(program: Program): Executable;
};

/** What a program would give: it can be passed on and disposed, and read as zeros. */
function hollowBuffer({ shape, type }: TensorSpec, device: Device): DeviceBuffer {
  const zeros = <Into extends HostArray>(into: Into): Into => {
    into.fill(0);
    return into;
  };
  const buffer = {
    shape,
    type,
    device,
    isDeleted: false,
    readSync: zeros,
    read: async (into: HostArray) => zeros(into),
  };
  return { ...buffer, ready: async () => {}, dispose: () => {} } as unknown as DeviceBuffer; // all of one that an engine uses
}

function hollowExecutable({ outputs, replicas }: Program, devices: readonly Device[]): Executable {
  const execute = (lists: readonly unknown[], { device }: { readonly device?: Device } = {}) =>
    lists.map((_, d) =>
      outputs.flatMap((output) => {
        const at = device ?? devices[d];
        return at === undefined ? [] : [hollowBuffer(output, at)];
      }),
    );
  return { execute, portable: replicas === 1, dispose: () => {} } as unknown as Executable; // likewise
}
