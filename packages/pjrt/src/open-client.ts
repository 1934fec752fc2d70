import { EventPoll } from "./event-poll.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";

/** Something that holds native memory of a client. */
export type Resource = { dispose(): void };

/** Clients that are open in this thread. */
const open = new Set<OpenClient>();

/** A native client as its buffers and executables see it: while it is open, they may call. */
export class OpenClient {
  readonly api: PjrtApi;
  readonly pointer: bigint;
  readonly events: EventPoll;
  readonly #resources = new Set<Resource>();
  #open = true;

  constructor(api: PjrtApi, pointer: bigint) {
    this.api = api;
    this.pointer = pointer;
    this.events = new EventPoll(api);
    // A process that ends while a program runs would crash in it. Destroying the client waits for what runs.
    if (open.size === 0) process.on("exit", closeAll);
    open.add(this);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** @throws PjrtError if the client was closed */
  check(functionName: string): void {
    if (!this.#open)
      throw new PjrtError(
        "FAILED_PRECONDITION",
        functionName,
        `${functionName}: the client was closed. Open another one.`,
      );
  }

  /** Remembers something to be disposed when the client closes. */
  hold(resource: Resource): void {
    this.#resources.add(resource);
  }

  forget(resource: Resource): void {
    this.#resources.delete(resource);
  }

  get resources(): Iterable<Resource> {
    return this.#resources;
  }

  /** Waits for what runs, and frees everything. */
  close(): void {
    if (!this.#open) return;
    this.events.drain();
    for (const resource of [...this.#resources]) resource.dispose();
    this.#open = false;
    open.delete(this);
    if (open.size === 0) process.off("exit", closeAll);
    this.api.call("Client_Destroy", { client: this.pointer });
  }
}

function closeAll(): void {
  for (const client of [...open]) client.close();
}
