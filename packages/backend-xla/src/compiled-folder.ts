import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cpus, homedir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { type Client, type CompileOptions, type Executable, PjrtError, type Plugin } from "@kindred/pjrt";
import type { Program } from "@kindred/stablehlo";

/** Compiled programs that outlive the process. */
export type CompiledFolder = {
  /** What was kept for this program, made ready; undefined where nothing was, or where it does not load and was removed. */
  load(program: Program, options: CompileOptions): Executable | undefined;
  /** Keeps it, where the plugin can write it down. */
  keep(program: Program, options: CompileOptions, executable: Executable): void;
};

/** Where compiled programs lie unless somebody says otherwise: the user's own cache folder. */
export const defaultFolder = (): string => join(homedir(), ".cache", "kindred", "xla");

const digestBytes = 32;

/**
 * A folder of compiled programs, which is made if it is not there.
 *
 * What lies in it is native code that will run in this process, so it must be the user's own and nobody else may write there. A file is named
 * after all that its contents depend on: the program's text, the devices, the plugin and its version, the compiler's flags in the
 * environment, and the processor where that is what it was compiled for. It begins with a digest of the rest: what was cut off or changed is removed and compiled anew.
 *
 * @throws ConfigError if it is somebody else's, others may write in it, or it can't be made
 */
export function openCompiledFolder(
  folder: string,
  { client, plugin }: { readonly client: Client; readonly plugin: Plugin },
): CompiledFolder {
  expectOwn(folder);
  const { size, mtimeMs } = statSync(plugin.path);
  const machine = client.platform === "cpu" ? [process.arch, cpus()[0]?.model] : client.devices.map(({ kind }) => kind);
  const platform = [
    client.platform,
    client.version,
    plugin.apiVersion,
    realpathSync(plugin.path),
    size,
    mtimeMs,
    machine,
    [client.process, client.allDevices.length],
    ["XLA_FLAGS", "LIBTPU_INIT_ARGS"].map((name) => process.env[name] ?? ""),
  ];
  const fileOf = ({ hash }: Program, { replicas = 1, portable = false }: CompileOptions) =>
    join(
      folder,
      createHash("sha256")
        .update(JSON.stringify([hash, replicas, portable, platform]))
        .digest("hex"),
    );
  return {
    load(program, options) {
      const file = fileOf(program, options);
      if (!existsSync(file)) return undefined;
      try {
        const contents = readFileSync(file);
        const serialized = contents.subarray(digestBytes);
        if (!digestOf(serialized).equals(contents.subarray(0, digestBytes))) throw new Error("The file was changed.");
        return client.load(serialized, program, options);
      } catch (error) {
        // A device that is full takes it another time; whatever else is wrong, it is compiled anew.
        if (!(error instanceof PjrtError && error.code === "RESOURCE_EXHAUSTED")) rmSync(file, { force: true });
        return undefined;
      }
    },
    keep(program, options, executable) {
      const file = fileOf(program, options);
      const temporary = `${file}.${process.pid}.tmp`;
      try {
        const serialized = executable.serialize();
        writeFileSync(temporary, Buffer.concat([digestOf(serialized), serialized]), { mode: 0o600, flag: "wx" });
        renameSync(temporary, file);
      } catch {
        rmSync(temporary, { force: true }); // a plugin that can't, or a full disk: it is compiled anew the next time
      }
    },
  };
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function expectOwn(folder: string): void {
  const refuse = (problem: string, advice: string, cause?: unknown): never => {
    throw new ConfigError(
      `xla: compiled programs can't be kept in a folder. Got ${folder}, which ${problem}. ${advice}`,
      { cacheFolder: folder },
      { cause },
    );
  };
  const elsewhere = "Give another cacheFolder, or false to keep none.";
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    refuse("can't be made", elsewhere, cause);
  }
  const { mode, uid, isDirectory } = found(folder);
  if (!isDirectory) refuse("is a link or a file, expected a folder", elsewhere);
  if (uid !== process.getuid?.())
    refuse(`belongs to user ${uid}, expected your own: what lies there is run`, elsewhere);
  if ((mode & 0o022) !== 0)
    refuse("others may write to: what lies there is run", `Take that right away: chmod go-w ${folder}`);
}

function found(folder: string): { readonly mode: number; readonly uid: number; readonly isDirectory: boolean } {
  const stats = lstatSync(folder);
  return { mode: stats.mode, uid: stats.uid, isDirectory: stats.isDirectory() };
}
