import { ConfigError } from "@kindred/errors";
import type { Client } from "@kindred/pjrt";
import { Graph } from "@kindred/stablehlo";
import type * as tf from "@tensorflow/tfjs-core";
import { beginning, type CallNode } from "./call-trie.ts";
import type { Programs } from "./compiler.ts";
import type { Held } from "./held.ts";
import type { RuleProgram } from "./implement-rule.ts";
import type { Call } from "./operands.ts";
import { Pass, type PassContext } from "./pass.ts";
import { type Processes, processesOf } from "./processes-of.ts";
import { runPasses } from "./run-passes.ts";

/** So many calls that nobody asks for are run at the latest: what was recorded must not grow without end. */
const longestPass = 4096;
/** What is kept at the most: programs, and recorded calls, each with its part of a graph. When there are more, all are forgotten. */
export type Kept = { readonly programs: number; readonly calls: number };

/** What a recorder is made of. */
export type RecorderParts = {
  readonly client: Client;
  /** How many of its devices it drives, the first ones. */
  readonly count: number;
  readonly products: RuleProgram["products"];
  readonly rowMajor: boolean;
  readonly programs: Programs;
  /** Default: 512 programs, 65,536 calls: some 50 steps of MPNet-base that differ. */
  readonly most?: Kept;
};

/** Devices of this process that work is recorded for, and how many of all processes run it. */
type Span = { readonly first: number; readonly count: number; readonly replicas: number };

/** How a recorder gets at what tensors hold. */
type RecordedTensors = Pick<PassContext, "heldOf" | "hold">;

/** Records calls, and runs what was recorded: on one device when a value is asked for, or as work that is told where it begins and ends. */
export class Recorder {
  readonly client: Client;
  readonly count: number;
  /** Those whose devices run work together. */
  readonly processes: Processes;
  readonly products: RuleProgram["products"];
  readonly #rowMajor: boolean;
  readonly #programs: Programs;
  readonly #tensors: RecordedTensors;
  /** What was recorded, by the number of devices that run together. */
  readonly #beginnings = new Map<number, CallNode>();
  #pass: Pass | undefined;
  #working = false;
  readonly #most: Kept;
  /** Why nothing is recorded, where nothing is. */
  #nothing = "nothing was recorded before";
  /** How many calls are recorded. */
  #calls = 0;

  constructor(
    { client, count, products, rowMajor, programs, most = { programs: 512, calls: 2 ** 16 } }: RecorderParts,
    tensors: RecordedTensors,
  ) {
    this.#most = most;
    this.client = client;
    this.count = count;
    this.processes = processesOf(client, count);
    this.products = products;
    this.#rowMajor = rowMajor;
    this.#programs = programs;
    this.#tensors = tensors;
  }

  /** Records a call, and gives what stands for its results. */
  call(call: Call): tf.TensorInfo | tf.TensorInfo[] {
    if (this.#pass === undefined || (!this.#working && this.#pass.node.depth >= longestPass)) {
      this.flush();
      this.#pass = this.#newPass(1);
    }
    return this.#pass.call(call);
  }

  /** What follows is to be a program of its own. */
  cut(): void {
    this.#pass?.cut();
  }

  /** Runs what was recorded outside of any work. */
  flush(): void {
    const pass = this.#pass;
    if (pass === undefined || this.#working) return;
    this.#pass = undefined;
    this.#run([pass], 1);
  }

  /** Sees to it that a tensor's elements are there, or on their way. */
  settle(functionName: string, held: Held): void {
    if (held.pass !== undefined && !held.pass.over) {
      this.expectNoWork(functionName);
      this.flush();
    }
    if (held.pass !== undefined) throw held.pass.lost(held.shape);
  }

  /** @throws ConfigError in the middle of work, where nothing has a value yet */
  expectNoWork(functionName: string): void {
    if (!this.#working) return;
    throw new ConfigError(
      `${functionName}: nothing has a value yet. Got a tensor of work that is being recorded, to be run as one program when it ends. Return the tensor ` +
        "and read it afterwards, or compute what depends on it with ops: tf.where in the place of if.",
    );
  }

  /** Does work on one device, and runs what it recorded. */
  on<T>(device: number, work: () => T): T {
    const [result] = this.#record("on", { first: device, count: 1, replicas: 1 }, () => work());
    return result as T; // there is one for one pass
  }

  /** Does work on each device, and runs what it recorded as one program, together with the other processes, which do the same. */
  together<T>(work: (device: number) => T): readonly T[] {
    const { count } = this;
    return this.#record("together", { first: 0, count, replicas: count * this.processes.count }, work);
  }

  #record<T>(functionName: string, { first, count, replicas }: Span, work: (device: number) => T): T[] {
    if (this.#working) {
      throw new ConfigError(
        `${functionName}: work is being recorded. Got other work within it, expected one after another. Begin it afterwards.`,
      );
    }
    this.flush();
    const passes: Pass[] = [];
    const results: T[] = [];
    this.#working = true;
    try {
      for (let device = first; device < first + count; device++) {
        const pass = this.#newPass(replicas, device, passes[0]);
        passes.push(pass);
        this.#pass = pass;
        results.push(work(device));
        pass.expectSameEnd();
      }
    } catch (error) {
      for (const pass of passes) pass.end();
      this.#count(passes); // what it recorded stays
      throw error;
    } finally {
      this.#pass = undefined;
      this.#working = false;
    }
    this.#run(passes, replicas);
    return results;
  }

  #run(passes: readonly Pass[], replicas: number): void {
    try {
      runPasses(passes, this.client, this.#programs.compilerFor(replicas));
    } finally {
      this.#count(passes);
    }
  }

  /** Counts what passes recorded, whether they ran or failed, and forgets all when there is too much. */
  #count(passes: readonly Pass[]): void {
    for (const { traced } of passes) this.#calls += traced;
    if (this.#programs.size <= this.#most.programs && this.#calls <= this.#most.calls) return;
    this.#nothing = `all was forgotten, after ${this.#calls} calls and ${this.#programs.size} programs that differ`;
    this.#calls = 0;
    this.#beginnings.clear();
    this.#programs.clear();
  }

  #newPass(replicas: number, device = 0, like?: Pass): Pass {
    const from = this.#beginnings.get(replicas) ?? beginning(new Graph());
    this.#beginnings.set(replicas, from);
    const program = { products: this.products, rowMajor: this.#rowMajor, replicas };
    return new Pass({ ...this.#tensors, program, nothing: this.#nothing }, from, { device, ...(like && { like }) });
  }
}
