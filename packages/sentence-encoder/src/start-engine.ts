import { type Revectorization, startWasmKernels, stopWasmKernels } from "@kindred/backend-wasm";
import { startBackend } from "@kindred/tensor";

/** What runs the model: Kindred's own kernels (`"wasm"`), tfjs's kernels on wasm (`"tfjs"`), or plain JavaScript (`"cpu"`). */
export type EngineName = "wasm" | "tfjs" | "cpu";

/** Options of {@link startEngine}. */
export type StartEngineOptions = {
  /** The folder, or the addresses by file name, of tfjs's `.wasm` files. Needed in a bundled page; Node finds them itself. */
  readonly wasmPaths?: string | { readonly [file: string]: string };
  /** What `enableRevectorization()` of `@kindred/backend-wasm/node` gave: then V8 may pair instructions to 256 bits. */
  readonly revectorization?: Revectorization;
};

/**
 * Starts an engine in this thread, and says in a few words what it is.
 *
 * One that runs already stays as it is; another takes its place. Kernels that `startWasmKernels` started stay too, unless
 * `revectorization` asks for a choice anew.
 *
 * @example
 * ```ts
 * import { startEngine } from "@kindred/sentence-encoder";
 *
 * await startEngine("cpu"); // => "tfjs cpu"
 * ```
 */
export async function startEngine(
  name: EngineName,
  { wasmPaths, revectorization }: StartEngineOptions = {},
): Promise<string> {
  await startBackend(name === "cpu" ? "cpu" : "wasm", wasmPaths === undefined ? {} : { wasmPaths });
  if (name !== "wasm") {
    stopWasmKernels();
    return `tfjs ${name === "tfjs" ? "wasm" : "cpu"}`;
  }
  let description = "";
  const log = (line: string) => {
    description = line;
  };
  await startWasmKernels({ log, ...(revectorization === undefined ? {} : { revectorization }) });
  return description;
}
