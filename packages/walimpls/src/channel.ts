import { invalidArgument } from './errors/invalid-argument.js'

const NAME = /^[a-z0-9][a-z0-9_-]{0,199}$/
/** Device names that Windows reserves in every folder. */
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/

/**
 * What a channel name may look like, on every backend. A name that fits is a safe file, topic and key name, also on file
 * systems that ignore case, and shorter than Kafka's limit of 249 characters.
 */
export const CHANNEL_NAME_RULE =
  'lower-case letters, digits, "_" and "-", beginning with a letter or digit, at most 200 in all, and no device name (con, nul …)'

/**
 * Whether `name` is a channel name on every backend. A backend that lists channels uses this to pass over files, keys or topics
 * of others.
 */
export function isChannelName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name) && !DEVICE.test(name)
}

/** Throws `WAL_INVALID_ARGUMENT` unless `name` is a channel name on every backend. */
export function checkChannelName(name: unknown): asserts name is string {
  if (!isChannelName(name))
    throw invalidArgument(`A channel’s name must be made of ${CHANNEL_NAME_RULE}`, name)
}
