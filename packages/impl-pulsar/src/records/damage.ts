/** What is wrong with the bytes of an entry, as half a sentence. The decoder adds the place. */
export class Damage extends Error {
  override readonly name = 'Damage'
}
