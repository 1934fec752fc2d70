import * as v from "valibot";

/** The rules that options of several tables share. What they expect is said in the words of an error. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(1));
export const countOrZero = v.pipe(v.number(), v.integer(), v.minValue(0));
export const size = (largest: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(largest));
export const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
export const rate = v.pipe(v.number(), v.finite(), v.minValue(0));
export const meanDecay = v.pipe(v.number(), v.minValue(0), v.ltValue(1, "expected a number from 0 to below 1"));
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1, "expected a share from 0 to 1"));
export const text = v.string();
export const numberList = v.pipe(v.string(), v.regex(/^([\d.]+(,[\d.]+)*)?$/, "expected numbers, as 384,128,64"));
