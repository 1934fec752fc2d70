import type { Desk } from "./desk.ts";

/** How long a model may take for two tokens. */
const probeMs = 1000;

/** How long work may lie without any batch coming back. */
const stallMs = 60_000;

/** A model, and what makes it work on two tokens. */
export type Probe = {
  readonly name: string;
  work(options: { readonly priority: number; readonly signal: AbortSignal }): Promise<unknown>;
};

/** Whether the server is alive, and whether it may be asked. */
export type Health = {
  /** Called when a batch came back. */
  heard(): void;
  /** False where there is work and no core has answered for a minute. */
  isAlive(): boolean;
  /** Why it should not be asked now; undefined where each model does that within a second. */
  problem(): Promise<string | undefined>;
};

/** Watches models. A probe goes before all other work, into the middle of it, and those who ask meanwhile share it. */
export function watchHealth(models: readonly Probe[], desk: Desk): Health {
  let lastHeard = 0;
  let probing: Promise<string | undefined> | undefined;

  async function probe(): Promise<string | undefined> {
    for (const { name, work } of models) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), probeMs);
      try {
        await work({ priority: 2, signal: late.signal });
      } catch (error) {
        return late.signal.aborted
          ? `${name} has given nothing within ${probeMs} ms`
          : `${name} has failed: ${error instanceof Error ? error.message : String(error)}`;
      } finally {
        clearTimeout(timer);
      }
    }
    return undefined;
  }

  return {
    heard() {
      lastHeard = performance.now();
    },
    isAlive: () => desk.inWork === 0 || performance.now() - Math.max(lastHeard, desk.busySince) < stallMs,
    async problem() {
      if (desk.isDraining) return "the server is about to stop";
      probing ??= probe().finally(() => {
        probing = undefined;
      });
      return probing;
    },
  };
}
