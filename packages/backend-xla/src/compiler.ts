import type { Client, Executable } from "@kindred/pjrt";
import type { Program } from "@kindred/stablehlo";
import type { CompiledFolder } from "./compiled-folder.ts";

/** A program that was made ready to run. */
export type Compiled = {
  /** Of the program's text, SHA-256 in hexadecimal. */
  readonly hash: string;
  /** What it took. */
  readonly seconds: number;
  /** Whether it was loaded from the folder instead of compiled. */
  readonly fromCache: boolean;
  /** Why it was not known: what differed from what was recorded before. */
  readonly reason: string;
  /** On how many devices it runs at once. */
  readonly replicas: number;
};

/** Makes programs ready to run, each once. */
export type Compiler = {
  readonly replicas: number;
  /** @param reason why a program is wanted that may be new */
  executable(program: Program, reason: string): Executable;
};

/** What compilers of one client share. */
export type CompilerOptions = {
  readonly client: Client;
  /** Whether programs for one device are to run on any. */
  readonly portable: boolean;
  /** Where they keep what they compiled; undefined for nowhere. */
  readonly folder: CompiledFolder | undefined;
  readonly onCompile: (compiled: Compiled) => void;
};

/** The programs of a client by what they are, whatever asked for them. */
export class Programs {
  readonly #options: CompilerOptions;
  readonly #known = new Map<string, Executable>();

  constructor(options: CompilerOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#known.size;
  }

  /** A compiler of programs that so many devices run together. */
  compilerFor(replicas: number): Compiler {
    return { replicas, executable: (program, reason) => this.#executable(program, replicas, reason) };
  }

  /** Frees all of them. */
  clear(): void {
    for (const executable of this.#known.values()) executable.dispose();
    this.#known.clear();
  }

  #executable(program: Program, replicas: number, reason: string): Executable {
    const key = `${program.hash} ${replicas}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { client, folder, portable, onCompile } = this.#options;
    const start = performance.now();
    const options = replicas === 1 ? { portable } : { replicas };
    const loaded = folder?.load(program, options);
    const executable = loaded ?? client.compile(program, options);
    this.#known.set(key, executable);
    const seconds = (performance.now() - start) / 1000;
    if (loaded === undefined) folder?.keep(program, options, executable);
    onCompile({ hash: program.hash, seconds, fromCache: loaded !== undefined, reason, replicas });
    return executable;
  }
}
