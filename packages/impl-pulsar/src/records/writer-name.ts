/** The name by which the broker knows every writer of a topic, so that its own table keeps two from producing at once. */
export const WRITER_NAME = 'wal-writer'
