import type { Runtime } from '@wal/walimpls'

/** Twenty random characters of [a-z0-9], about 100 bits: incarnations and log identities never meet by chance. */
export function randomText(runtime: Pick<Runtime, 'random'>): string {
  let text = ''
  while (text.length < 20)
    text += Math.floor(runtime.random() * 36 ** 5)
      .toString(36)
      .padStart(5, '0')
  return text
}
