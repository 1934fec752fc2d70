import type { Client, DeviceBuffer } from "@kindred/pjrt";
import { sameNumbers } from "./call-key.ts";
import type { Compiler } from "./compiler.ts";
import { type Operand, typeOfArray } from "./operands.ts";
import type { Pass } from "./pass.ts";
import { type RunnablePass, runnablePass } from "./runnable-pass.ts";

/**
 * Runs what was recorded, one pass a device, as programs that all devices run together, and returns before they are done. Tensors of the
 * passes that are still there lie on their devices then; all else that the passes needed is given back.
 */
export function runPasses(passes: readonly Pass[], client: Client, compiler: Compiler): void {
  const [first] = passes;
  if (first === undefined) return;
  try {
    // A tensor that one device keeps is a result on all: they run one program.
    const places = first.made.flatMap((_, i) => (passes.some(({ made }) => (made[i]?.refs ?? 0) > 0) ? [i] : []));
    if (places.length > 0) {
      const results = places.map((place) => first.made[place]?.value ?? -1);
      const given = run(runnableFor(passes, results, compiler), passes, client);
      for (const [d, pass] of passes.entries()) {
        for (const [i, place] of places.entries()) {
          const buffer = given[d]?.get(first.operands.length + i);
          if (buffer !== undefined) pass.keep(place, buffer);
        }
      }
    }
  } finally {
    for (const pass of passes) pass.end();
  }
}

/** What was run before where passes ended so, or what is made for it now. */
function runnableFor(passes: readonly Pass[], results: readonly number[], compiler: Compiler): RunnablePass {
  const [{ node, disposed, reason } = never()] = passes;
  const isDisposed = (number: number) =>
    passes.every(({ operands }) => {
      const operand = operands[number];
      return operand?.kind === "tensor" && operand.held.refs === 0;
    });
  const donors = disposed.map(({ operand }) => operand).filter(isDisposed);
  const known = node.runnable.find((each) => sameNumbers(each.results, results) && sameNumbers(each.donors, donors));
  if (known !== undefined) return known;
  const made = runnablePass(node, { results, donors }, compiler, reason ?? "the same calls, but other tensors live on");
  node.runnable.push(made);
  return made;
}

/** Runs the programs, and gives what they leave by its number, for each device. */
function run({ programs }: RunnablePass, passes: readonly Pass[], client: Client): Map<number, DeviceBuffer>[] {
  const left = passes.map(() => new Map<number, DeviceBuffer>());
  const sent = passes.map(() => new Map<number, DeviceBuffer>());
  try {
    for (const { executable, takes, gives, frees } of programs) {
      const lists = passes.map((pass, d) =>
        takes.map((number) => {
          const operand = pass.operands[number];
          if (operand?.kind === "tensor") return operand.held.on(pass.device, client);
          const known = left[d]?.get(number) ?? sent[d]?.get(number);
          if (known !== undefined) return known;
          const buffer = send(operand ?? never(), pass.device, client);
          sent[d]?.set(number, buffer);
          return buffer;
        }),
      );
      const device = client.devices[passes[0]?.device ?? 0];
      const outputs = executable.execute(lists, executable.portable && device !== undefined ? { device } : {});
      for (const [d, buffers] of outputs.entries()) {
        for (const [i, buffer] of buffers.entries()) left[d]?.set(gives[i] ?? -1, buffer);
        for (const number of frees) left[d]?.get(number)?.dispose();
      }
    }
    return left;
  } catch (error) {
    for (const buffers of left) for (const buffer of buffers.values()) buffer.dispose();
    throw error;
  } finally {
    for (const buffers of sent) for (const buffer of buffers.values()) buffer.dispose();
  }
}

/** Puts an array of data on a device. */
function send(operand: Operand, device: number, client: Client): DeviceBuffer {
  const array = operand.kind === "tensor" ? never() : operand.array;
  const target = client.devices[device];
  const options = { shape: [array.length], type: typeOfArray(array), ...(target && { device: target }) };
  return client.put(array instanceof Uint8Array ? asBooleans(array) : array, options);
}

/** Bytes that are 0 or 1, as devices want them. */
function asBooleans(bytes: Uint8Array): Uint8Array {
  return bytes.some((byte) => byte > 1) ? bytes.map((byte) => (byte === 0 ? 0 : 1)) : bytes;
}

function never(): never {
  throw new Error("A program takes what its pass does not have.");
}
