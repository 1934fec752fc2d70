import * as tf from "@tensorflow/tfjs-core";
import { memoryInUse } from "../src/memory-in-use.ts";

/** All that a call may not leave behind. */
export const inUse = () => ({ ...memoryInUse(), blocks: tf.backend().numDataIds() });
