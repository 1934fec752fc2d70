import type { Client, HostArray } from "@kindred/pjrt";
import type { ElementType, Program, Value } from "../src/index.ts";
import type { Plain } from "./op-case.ts";

const arrays = { f32: Float32Array, bf16: Uint16Array, i32: Int32Array, ui32: Uint32Array, i1: Uint8Array };

/** Compiles a program and runs it once on each replica: `given[replica]` has each parameter's elements. */
export function runProgram(
  client: Client,
  program: Program,
  given: readonly ReadonlyMap<Value, Plain>[],
): number[][][] {
  const executable = client.compile(program, { replicas: program.replicas });
  const lists = given.map((values, replica) => {
    const device = client.devices[replica];
    return program.parameters.map((parameter) => {
      const { shape, type } = parameter;
      return client.put(toArray(values.get(parameter)?.values ?? [], type), { shape, type, ...(device && { device }) });
    });
  });
  const outputs = executable.execute(lists);
  const read = outputs.map((list) =>
    list.map((buffer) => {
      const { type, shape } = buffer;
      const count = shape.reduce((product, length) => product * length, 1);
      return fromArray(buffer.readSync(new arrays[type](count)), type);
    }),
  );
  for (const buffer of [...lists.flat(), ...outputs.flat()]) buffer.dispose();
  executable.dispose();
  return read;
}

/** Elements as the host holds them: bfloat16 is the upper half of a float32. */
function toArray(values: readonly number[], type: ElementType): HostArray {
  if (type === "bf16")
    return Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16);
  return arrays[type].from(values);
}

function fromArray(array: HostArray, type: ElementType): number[] {
  if (type !== "bf16") return Array.from(array);
  return Array.from(new Float32Array(Uint32Array.from(array, (bits) => bits << 16).buffer));
}
