import type { Core } from "./core.ts";

/** What a core does on behalf of main: functions by name, called through {@link Mesh.call}. */
export type Handlers = {
  /** One function; what it gives goes back to main. */
  // biome-ignore lint/suspicious/noExplicitAny: a handler may take any argument that can be cloned.
  readonly [method: string]: (argument: any) => unknown;
};

/**
 * The default export of a program module: runs once on every core, may already use collectives, and gives the handlers.
 *
 * A handler's argument and result pass between threads as structured clones. It may be asynchronous; calls run one after another.
 */
export type CoreProgram<Data, H extends Handlers> = (core: Core, data: Data) => H | Promise<H>;
