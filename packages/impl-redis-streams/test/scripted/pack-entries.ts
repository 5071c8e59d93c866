export interface StoredEntry {
  readonly id: string
  readonly payload?: string
  /** Names the entry before it, where that does not follow from the id. */
  readonly previous?: string
}

/** Packs entries as the server's Lua does (MessagePack): `[[id, [field, value, …]], …]`. */
export function packEntries(entries: readonly StoredEntry[]): Buffer {
  return Buffer.concat([
    array(entries.length),
    ...entries.flatMap(({ id, payload = '', previous }) => {
      const fields = [...(previous === undefined ? [] : ['_prev', previous]), '_payload', payload]
      return [array(2), raw(id), array(fields.length), ...fields.map(raw)]
    }),
  ])
}

function array(count: number): Buffer {
  const header = Buffer.from([0xdd, 0, 0, 0, 0])
  header.writeUInt32BE(count, 1)
  return header
}

function raw(text: string): Buffer {
  const bytes = Buffer.from(text)
  const header = Buffer.from([0xdb, 0, 0, 0, 0])
  header.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([header, bytes])
}
