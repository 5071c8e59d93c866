/** The compression codecs of record batches, by the number in their attributes. */
export const NO_COMPRESSION = 0
export const GZIP = 1
export const SNAPPY = 2
export const LZ4 = 3
export const ZSTD = 4
