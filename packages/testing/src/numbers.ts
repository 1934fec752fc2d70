/** An array of numbers with a shape: what a float64 reference takes and an op's input is made from. Rows lie one after another. */
export type Numbers = { readonly shape: readonly number[]; readonly values: Float64Array };
