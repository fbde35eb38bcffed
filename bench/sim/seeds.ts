/** Seeds of one sample, for each process: enough that one slow seed is not the result. */
export const SEEDS = 5
