import type { Optimizer } from "@kindred/adamw";
import type { EncoderParameters, ParameterSpec } from "@kindred/encoder";
import type { Devices, Engine, Float, Profile, ProgramSizes, RunningEngine } from "@kindred/tensor";
import type { CorePlace } from "./collective-ops.ts";
import type { ParameterStore, StoreOptions } from "./parameter-store.ts";

/** What a core has of a step. */
export type StepShare = {
  /** Its share of the loss: the loss of a step is the sum over the cores. */
  readonly loss: Float<"">;
  /** Numbers to be looked at when the step is over, as nothing is read within it: `expect` throws where one is wrong. Default: none. */
  readonly checks?: readonly {
    readonly value: Float<"">;
    /** Throws where the value is wrong. */
    readonly expect: (value: number) => void;
  }[];
};

/** What a core does in a run, over a store that it is given. */
export type StepProgram<Share, Batch> = {
  readonly optimizer: Optimizer;
  /**
   * Adds this core's gradients of a step to the store, and gives its share of the loss. It may use the core's collectives, in which all
   * cores take part.
   */
  step(store: ParameterStore, share: Share): StepShare;
  /** Vectors of a batch, rows end to end, by the parameters as they are. */
  embed(parameters: EncoderParameters, batch: Batch): Float;
};

/** Where a program runs. */
export type StepContext<Data> = {
  /** Which core or device of how many this is: they meet in ops, `allGather` and its like. */
  readonly core: CorePlace;
  readonly engine: RunningEngine;
  /** What whoever started the runner passed to every core. */
  readonly data: Data;
};

/** A program's module exports it by default: called on every core once its engine runs. */
export type MakeStepProgram<Data, Share, Batch> = (
  context: StepContext<Data>,
) => StepProgram<Share, Batch> | Promise<StepProgram<Share, Batch>>;

/** What a step gave; the same on every core. */
export type StepResult = {
  readonly loss: number;
  /** The gradient's norm before it was clipped. If it is not finite no parameter has moved. */
  readonly norm: number;
  /** If the norm is not finite: the parameters whose gradient is not. Default: it is not known, as where parameters are an engine's tensors. */
  readonly notFinite?: readonly string[];
  /** Of a run that is spread over processes: whether one of them asked for its end, which all make after this step. */
  readonly stop?: boolean;
};

/** Who runs the steps of a run: cores or devices that hold its parameters, or this thread. One call after another. */
export type StepRunner<Share, Batch> = {
  /** Cores, or devices: how many shares a step has, and how many batches are embedded at once. */
  readonly cores: number;
  /**
   * Whether all shares of a step must be of one shape, as on devices. A batch that cannot be shared so is given `whole`.
   */
  readonly equalShares: boolean;
  /** Of a run that is spread over processes: which of them this runner is, whose cores follow those of the processes before it. */
  readonly processes?: Devices["processes"];
  /** What the cores run on, in a few words. */
  readonly engine: string;
  /** Which batches to embed suit the engine, where it makes a program for each shape of one. */
  readonly programs?: ProgramSizes;
  /**
   * One step: each core's share, and the optimizer's numbers for it. With `whole` the one share is that of a core that is alone, and where
   * shares must be equal all make it alike. Of several processes all hear, by the result of the step, that one of them gave `stop`.
   */
  run(
    shares: readonly Share[],
    numbers: Float32Array,
    options?: { readonly whole?: boolean; readonly stop?: boolean },
  ): Promise<StepResult>;
  /** The vectors of each batch, by the parameters as they are. */
  embed(batches: readonly Batch[]): Promise<Float32Array[]>;
  /**
   * The values of a parameter as they are: to be read, or copied, before the next step.
   *
   * @throws ShapeError if there is none of that name.
   */
  read(name: string): Promise<Float32Array>;
  /** What the optimizer remembers, under `<slot>.<parameter>`: with the parameters, all that a run needs to go on. */
  state(): readonly StoredArray[];
  /** What the first core's ops took since its third step; undefined unless it was asked for, or there were none. Once, at the end. */
  profile(): Promise<Profile | undefined>;
  /** Ends the cores, even in the middle of a step. */
  stop(): Promise<void>;
};

/** An array that lies with the cores or on a device. */
export type StoredArray = Pick<ParameterSpec, "name" | "shape"> & {
  /** Its values as they are: to be used, or copied, before the next step. */
  read(): Promise<Float32Array>;
};

/** What a runner is made from, wherever it runs. */
export type StepRunnerOptions<Data> = Omit<StoreOptions, "optimizer"> & {
  readonly engine: Engine;
  readonly specs: readonly ParameterSpec[];
  /**
   * The first values of every parameter by name and, for a run that goes on, of what its optimizer remembers, as `state` gave it.
   * Without it that begins with zeros.
   */
  readonly values: Values;
  /** The one that the program has on its cores. */
  readonly optimizer: Optimizer;
  /** Passed to the program on every core, as a structured clone; shared memory in it is shared. */
  readonly data: Data;
  /** Whether to measure ops, for `profile`. Default false. */
  readonly profile?: boolean;
};

/** Arrays by name, one after another, so that not all need be in memory at once. */
export type Values =
  | Iterable<readonly [name: string, values: Float32Array]>
  | AsyncIterable<readonly [name: string, values: Float32Array]>;

/** By then every op has run, so that its kernel is there to be measured, and V8 has compiled it well. */
export const firstProfiledStep = 3;
