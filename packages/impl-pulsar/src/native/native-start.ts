import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { invalidArgument } from '@wal/walimpls'
import type { EntryPlace } from '../driver/pulsar-driver.js'
import type { Addon, AddonMessageId } from './addon.js'

/** Where a native reader begins: at the oldest entry, at this one (inclusive), or behind it. */
export type NativeStart = 'earliest' | { readonly at: EntryPlace } | { readonly behind: EntryPlace }

/** Fields of Pulsar's `MessageIdData`. */
const LEDGER = 1
const ENTRY = 2

/**
 * The id to give to the client, which begins behind it. For an inclusive start that is the place before; before the first entry of
 * a ledger lies its entry −1.
 */
export function startIdOf(addon: Addon, start: NativeStart): AddonMessageId {
  if (start === 'earliest') return addon.MessageId.earliest()
  const { ledger, entry } =
    'behind' in start ? start.behind : { ledger: start.at.ledger, entry: start.at.entry - 1 }
  // Bytes that are no message id would abort the process, so they are made here, from numbers that were checked.
  if (!Number.isSafeInteger(ledger) || ledger < 0 || !Number.isSafeInteger(entry) || entry < -1)
    throw invalidArgument(
      'A place in a topic must have a ledger and an entry from 0 on',
      `${ledger}:${entry}`,
    )
  const bytes = new BinaryWriter()
    .tag(LEDGER, WireType.Varint)
    .uint64(ledger)
    .tag(ENTRY, WireType.Varint)
    .int64(entry)
    .finish()
  return addon.MessageId.deserialize(Buffer.from(bytes))
}
