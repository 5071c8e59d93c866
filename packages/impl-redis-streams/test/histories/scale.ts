const { WAL_TEST_HISTORY_APPENDS, WAL_TEST_SEED } = process.env

/** `npm run test:redis-histories:long` sets the number of appends; what is part of every test run is a fraction. */
export const isLong = WAL_TEST_HISTORY_APPENDS !== undefined
export const APPENDS = Number(WAL_TEST_HISTORY_APPENDS ?? 3000)
export const SEED = Number(WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Of anything that must happen, in milliseconds. */
export const PATIENCE_MS = 120_000
/** Of a whole history. */
export const TIMEOUT_MS = isLong ? 3_600_000 : 600_000
