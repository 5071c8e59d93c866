import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Message, NewMessage } from '@wal/core'

export const DATA_SET = 'vega-datasets 2.11.0, data/flights-200k.json'
export const RECORDS = 231_083

/** A flight in the USA in 2001: its delay in minutes, its distance in miles, and its hour of departure. */
export interface Flight {
  readonly delay: number
  readonly distance: number
  readonly time: number
}

export async function loadFlights(count: number): Promise<readonly Flight[]> {
  const path = createRequire(import.meta.url).resolve('vega-datasets/data/flights-200k.json')
  const flights = JSON.parse(await readFile(path, 'utf8')) as Flight[]
  if (flights.length !== RECORDS) throw new Error(`${path} has ${flights.length} records, not ${RECORDS}`)
  return flights.slice(0, count)
}

/** Many flights are exactly alike. So each message also carries its index in the input, as a property. */
export function messageOf(flight: Flight, index: number): NewMessage {
  return {
    payload: payloadOf(flight),
    vchannel: vchannelOf(flight),
    properties: new Map([['index', String(index)]]),
  }
}

export function payloadOf(flight: Flight): Uint8Array {
  return Buffer.from(JSON.stringify(flight))
}

export function indexOf(message: Message): number {
  return Number(message.properties.get('index') ?? Number.NaN)
}

/** The vchannel of a flight. A reader of all vchannels gets the flights of all of them in the order of the appends. */
function vchannelOf({ distance }: Flight): string {
  if (distance < 300) return 'short-haul'
  return distance < 1000 ? 'medium-haul' : 'long-haul'
}
