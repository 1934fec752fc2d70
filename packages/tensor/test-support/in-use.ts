import * as tf from "@tensorflow/tfjs-core";
import { activeEngine } from "../src/index.ts";

/** All that a call may not leave behind. */
export const inUse = () => ({ ...activeEngine().memory(), blocks: tf.backend().numDataIds() });
