// Compiles AssemblyScript sources to the WebAssembly module of one variant.
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "assemblyscript/binaryen";

/** What all packages with kernels write them with: `./lanes` and `./multiply-add`, as if they lay beside. */
const shared = fileURLToPath(new URL("assembly", import.meta.url));

/**
 * One build of a package's kernels.
 *
 * @typedef {object} KernelBuild
 * @property {string} assembly the folder of the sources, `index.ts` among them
 * @property {readonly string[]} features
 * @property {Readonly<Record<string, string>>} [sources] files that are made for this build, by name
 * @property {boolean} [heap] for sources that import `env.fromHeap` and `env.toHeap`: whether these copy from and to another memory, `env.heap`,
 *   or within the one
 */

/**
 * The bytes of a module: the same for the same sources and compiler.
 *
 * It imports `env.memory` and nothing else, has no data and no start function, and allocates nothing: it lives in whatever memory it is handed.
 *
 * @param {KernelBuild} build
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernels({ assembly, features, sources = {}, heap }) {
  /** @type {Map<string, Uint8Array | string>} */
  const written = new Map();
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--outFile", "kernels.wasm", "--textFile", "kernels.wat", "--baseDir", assembly],
      ...["-O3", "--noAssert", "--runtime", "stub", "--use", "abort="],
      // A maximum in the import is what makes it one bit's difference from an import of shared memory.
      ...["--importMemory", "--noExportMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
      ...features.flatMap((feature) => ["--enable", feature]),
      ...["bulk-memory", "nontrapping-f2i", "sign-extension"].flatMap((feature) => ["--enable", feature]),
    ],
    {
      readFile: (file) => {
        const made = sources[file];
        if (made !== undefined) return made;
        const path = [join(assembly, file), join(shared, basename(file))].find((each) => existsSync(each));
        return path === undefined ? null : readFileSync(path, "utf8");
      },
      writeFile: (file, contents) => void written.set(file, contents),
      listFiles: () => [],
    },
  );
  const compiled = written.get("kernels.wasm");
  if (error || !(compiled instanceof Uint8Array))
    throw new Error(`compileKernels: ${assembly} does not compile.\n${stderr}`);
  const bytes = heap === undefined ? compiled : withHeap(String(written.get("kernels.wat")), heap);
  // An engine without relaxed SIMD can't look inside; asc itself has validated the module.
  if (WebAssembly.validate(/** @type {Uint8Array<ArrayBuffer>} */ (bytes))) expectOnlyMemoryImported(assembly, bytes);
  return bytes;
}

/**
 * A module whose imports `env.fromHeap` and `env.toHeap` are copies between its memory and `env.heap`, or within its memory: AssemblyScript knows
 * one memory only.
 *
 * @see https://github.com/WebAssembly/multi-memory
 *
 * @param {string} text
 * @param {boolean} isApart
 * @returns {Uint8Array}
 */
function withHeap(text, isApart) {
  const memory = / \(import "env" "memory" \(memory (\$\S+) .*\)\)\n/.exec(text);
  let changed = text;
  for (const [name, to, from] of [
    ["fromHeap", memory?.[1], "$heap"],
    ["toHeap", "$heap", memory?.[1]],
  ]) {
    const [line = "", imported = ""] = new RegExp(` \\(import "env" "${name}" \\(func (\\S+) .*\n`).exec(text) ?? [];
    if (line === "") throw new Error(`compileKernels: the sources import no env.${name}.`);
    changed = changed
      .replace(line, "")
      .replaceAll(`call ${imported}\n`, `memory.copy${isApart ? ` ${to} ${from}` : ""}\n`);
  }
  if (isApart)
    changed = changed.replace(memory?.[0] ?? "", (line) => `${line} (import "env" "heap" (memory $heap 1 65536))\n`);
  const module = binaryen.parseText(changed);
  module.setFeatures(binaryen.Features.All);
  try {
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/**
 * @param {string} assembly
 * @param {Uint8Array} bytes
 */
function expectOnlyMemoryImported(assembly, bytes) {
  const module = new WebAssembly.Module(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  const imports = WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`);
  const others = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== "function");
  if (!["env.memory", "env.memory,env.heap"].includes(imports.join()) || others.length > 0) {
    throw new Error(
      `compileKernels: ${assembly} is no side module. Got imports ${imports}, expected env.memory, and functions as exports. ` +
        "Use no arrays, strings, classes or static data: whatever needs a place in memory gets its address as an argument.",
    );
  }
}
