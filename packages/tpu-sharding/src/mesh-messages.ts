import type { PlainError } from "@kindred/errors";
import type { MeshMemory } from "./mesh-memory.ts";

/** Main to core, once: become core `index` and load the program. This is call 0; its result is the names of the methods. */
export type SetUpMessage = {
  readonly call: 0;
  readonly index: number;
  readonly memory: MeshMemory;
  readonly program: string;
  readonly data: unknown;
};

/** Main to core: run a method. */
export type CallMessage = { readonly call: number; readonly method: string; readonly argument: unknown };

/** Core to main. `first` tells the failure that counts from those of the cores that it stopped. */
export type CoreMessage =
  | { readonly type: "done"; readonly call: number; readonly result: unknown }
  | { readonly type: "failed"; readonly first: boolean; readonly error: PlainError }
  | { readonly type: "post"; readonly message: unknown };
