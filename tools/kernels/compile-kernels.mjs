// Compiles AssemblyScript sources to the WebAssembly module of one variant.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** What all packages with kernels write them with: `./lanes` and `./multiply-add`, as if they lay beside. */
const shared = fileURLToPath(new URL("assembly", import.meta.url));

/**
 * One build of a package's kernels.
 *
 * @typedef {object} KernelBuild
 * @property {string} assembly the folder of the sources, `index.ts` among them
 * @property {readonly string[]} features
 * @property {Readonly<Record<string, string>>} [sources] files that are made for this build, by name
 */

/**
 * The bytes of a module: the same for the same sources and compiler.
 *
 * It imports `env.memory` and nothing else, has no data and no start function, and allocates nothing: it lives in whatever memory it is handed.
 *
 * @param {KernelBuild} build
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernels({ assembly, features, sources = {} }) {
  /** @type {Map<string, Uint8Array | string>} */
  const written = new Map();
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--outFile", "kernels.wasm", "--baseDir", assembly],
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
        const path = [assembly, shared].map((folder) => join(folder, file)).find((each) => existsSync(each));
        return path === undefined ? null : readFileSync(path, "utf8");
      },
      writeFile: (file, contents) => void written.set(file, contents),
      listFiles: () => [],
    },
  );
  const bytes = written.get("kernels.wasm");
  if (error || !(bytes instanceof Uint8Array))
    throw new Error(`compileKernels: ${assembly} does not compile.\n${stderr}`);
  // An engine without relaxed SIMD can't look inside; asc itself has validated the module.
  if (WebAssembly.validate(/** @type {Uint8Array<ArrayBuffer>} */ (bytes))) expectOnlyMemoryImported(assembly, bytes);
  return bytes;
}

/**
 * @param {string} assembly
 * @param {Uint8Array} bytes
 */
function expectOnlyMemoryImported(assembly, bytes) {
  const module = new WebAssembly.Module(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  const imports = WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`);
  const others = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== "function");
  if (imports.join() !== "env.memory" || others.length > 0) {
    throw new Error(
      `compileKernels: ${assembly} is no side module. Got imports ${imports}, expected env.memory alone, and functions as exports. ` +
        "Use no arrays, strings, classes or static data: whatever needs a place in memory gets its address as an argument.",
    );
  }
}
