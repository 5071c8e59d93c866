const { WAL_TEST_HISTORY_APPENDS, WAL_TEST_SEED } = process.env

/** The commands `test:…-histories:long` set the number of appends. What is part of every test run is a fraction of that. */
export const isLong = WAL_TEST_HISTORY_APPENDS !== undefined
export const APPENDS = Number(WAL_TEST_HISTORY_APPENDS ?? 3000)
export const SEED = Number(WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** How long a test waits for something that must happen, in milliseconds. */
export const PATIENCE_MS = 120_000
/** How long a whole history may take. */
export const TIMEOUT_MS = isLong ? 3_600_000 : 600_000
