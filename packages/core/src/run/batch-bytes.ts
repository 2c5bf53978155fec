/** Packed bytes of one batch of rows, at most, but for a single row that is larger. */
export const BATCH_BYTES = 1 << 20
