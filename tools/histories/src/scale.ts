const { WAL_TEST_HISTORY_APPENDS, WAL_TEST_SEED } = process.env

/** The number of appends of a history. The commands `test:…-histories:long` set it; ordinary test runs use a fraction of it. */
export const isLong = WAL_TEST_HISTORY_APPENDS !== undefined
export const APPENDS = Number(WAL_TEST_HISTORY_APPENDS ?? 3000)
export const SEED = Number(WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** How long a test waits for something that has to happen, in milliseconds. */
export const PATIENCE_MS = 120_000
/** How long a whole history may take, in milliseconds. */
export const TIMEOUT_MS = isLong ? 3_600_000 : 600_000
