import { ConfigError } from "@kindred/errors";

/** A function of the table: it takes the address of its arguments, and returns that of an error or 0. */
export type NativeFunction = (argument: bigint) => number | bigint;

/** What this package needs of a foreign function interface. */
export type Native = {
  /** The address of the first byte of an array. It holds as long as somebody refers to the array. */
  address(array: ArrayBufferView): bigint;
  /** Native memory as a buffer, without a copy. */
  memory(address: bigint, bytes: number): ArrayBuffer;
  /** Makes a function's address callable. */
  callable(address: bigint): NativeFunction;
  /** Opens a plugin for good, after libraries that it finds by name, and gives the address of its function table. */
  openTable(path: string, before?: readonly string[]): bigint;
  /** An environment variable as native code sees it, from worker threads too, where `process.env` is a copy. */
  environment(name: string): string | null;
  setEnvironment(name: string, value: string): void;
  /** Ends a timer of the kernel's. */
  deleteTimer(id: number): void;
};

/** `dlopen`'s flags: bind everything now, and never unload. */
const keepLoaded: { readonly [platform: string]: number } = { linux: 0x2 | 0x1000, darwin: 0x2 | 0x80 };
/** `RTLD_LAZY | RTLD_GLOBAL` of Linux. */
const lazyAndGlobal = 0x1 | 0x100;
/** XLA's compiler recurses deeply, and koffi calls on stacks of its own. */
const stackBytes = 16 * 2 ** 20;

/** What empty arrays lie at, which have no address: PJRT takes null for an array that was left out. */
const nothing = new ArrayBuffer(8);

let native: Promise<Native> | undefined;

/**
 * The foreign function interface, loaded once.
 *
 * @throws ConfigError if koffi is not installed, or if the system is none on which plugins run
 */
export function loadNative(): Promise<Native> {
  native ??= load();
  return native;
}

async function load(): Promise<Native> {
  const flags = keepLoaded[process.platform];
  if (flags === undefined)
    throw new ConfigError(
      `openPlugin: there are no PJRT plugins for this system. Got ${process.platform}, expected linux or darwin. On Windows use WSL.`,
      { platform: process.platform },
    );
  const koffi = await import("koffi").then(
    (module) => module.default,
    (cause: unknown) => {
      throw new ConfigError(
        "openPlugin: koffi is not installed, through which plugins are called. Run: npm install koffi",
        { package: "koffi" },
        { cause },
      );
    },
  );
  koffi.config({ sync_stack_size: stackBytes, sync_heap_size: 2 * 2 ** 20 });
  const call = koffi.proto("uintptr_t", ["uintptr_t"]);
  const libc = koffi.load(null);
  const dlopen = libc.func("void *dlopen(const char *path, int flags)");
  const getenv = libc.func("const char *getenv(const char *name)");
  const setenv = libc.func("int setenv(const char *name, const char *value, int overwrite)");
  return {
    // Of the view itself: Node 20 tells native code nothing of a buffer that is shared.
    address: (view) => koffi.address(view.byteLength === 0 ? nothing : view),
    memory: (address, bytes) => koffi.view(address, bytes),
    callable: (address) => koffi.decode(address, call),
    openTable(path, before = []) {
      // They need each other, so each round opens those whose needs are met; some of them are for hardware that is not there.
      for (let left = [...before], count = -1; left.length !== count; ) {
        count = left.length;
        left = left.filter((library) => dlopen(library, lazyAndGlobal) === null);
      }
      // koffi unloads libraries when the process ends, while XLA's threads still run in them. One that is open for good stays.
      dlopen(path, flags);
      return BigInt(koffi.load(path).func("uintptr_t GetPjrtApi()")());
    },
    environment: (name) => getenv(name),
    setEnvironment: (name, value) => setenv(name, value, 1),
    deleteTimer: (id) => libc.func("int timer_delete(intptr_t id)")(id),
  };
}
