/** How a program is compiled. */
export type CompileTarget = {
  /** How many devices run it together. */
  readonly replicas: number;
  /** The id of each replica's device; the plugin's choice where this is left out. */
  readonly deviceIds?: readonly number[];
  /** Whether it may run on any one device, told at each call. */
  readonly portable?: boolean;
};

/**
 * XLA's `CompileOptionsProto`, written by hand: `executable_build_options` = 3 with `num_replicas` = 4, `num_partitions` = 5 and
 * `device_assignment` = 9; `compile_portable_executable` = 4.
 *
 * @see openxla/xla, xla/pjrt/proto/compile_options.proto and xla/xla_data.proto (DeviceAssignmentProto)
 */
export function encodeCompileOptions({ replicas, deviceIds, portable = false }: CompileTarget): Uint8Array {
  const assignment =
    deviceIds === undefined
      ? []
      : message(9, [
          ...integer(1, replicas),
          ...integer(2, 1),
          ...message(3, message(1, deviceIds.flatMap(varint))), // one computation: the devices of its replicas, packed
        ]);
  const build = [...integer(4, replicas), ...integer(5, 1), ...assignment];
  return Uint8Array.from([...message(3, build), ...(portable ? integer(4, 1) : [])]);
}

/** A field of the wire type varint. */
function integer(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

/** A field that holds bytes. */
function message(field: number, bytes: readonly number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes];
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
