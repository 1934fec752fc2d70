type Listener = (...values: unknown[]) => void;
type ProcessEvents = { listeners(event: string): Listener[]; off(event: string, listener: Listener): unknown };

const events = ["uncaughtException", "unhandledRejection"] as const;
const nodeProcess = (globalThis as { process?: Partial<ProcessEvents> }).process;

/**
 * The result of `start`, after taking off the listeners that came to Node's process meanwhile and do nothing but throw on.
 *
 * That is what Emscripten's start-up code adds, once a module. With them an unhandled rejection anywhere ends the process with a
 * trace of that code. Others' listeners stay, and in a browser there are none.
 */
export async function keepProcessListeners<Result>(start: () => Promise<Result>): Promise<Result> {
  const before = new Set(events.flatMap((event) => nodeProcess?.listeners?.(event) ?? []));
  try {
    return await start();
  } finally {
    for (const event of events) {
      const added = (nodeProcess?.listeners?.(event) ?? []).filter((listener) => !before.has(listener));
      for (const listener of added.filter(onlyThrows)) nodeProcess?.off?.(event, listener);
    }
  }
}

/** Emscripten's two are `function(ex){if(!(ex instanceof ExitStatus)){throw ex}}` and `function(reason){throw reason}`, spaced. */
function onlyThrows(listener: Listener): boolean {
  const source = String(listener).replace(/\s+/g, "");
  return source.length < 100 && /throw\w+;?\}/.test(source);
}
