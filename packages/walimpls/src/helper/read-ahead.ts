/**
 * One page that is asked for before it is needed, so that the next one is on its way while the last one is decoded. More than
 * one would take memory and hide nothing more.
 */
export class ReadAhead<P> {
  #ahead: { readonly key: string; readonly page: Promise<P> } | undefined

  /** `key` names the place where the page begins. A failure comes out of `take`, if the page is taken. */
  begin(key: string, page: Promise<P>): void {
    page.catch(() => {})
    this.#ahead = { key, page }
  }

  /** The page that begins there; undefined when none is on its way, or one of another place, which is dropped. */
  take(key: string): Promise<P> | undefined {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead?.key === key ? ahead.page : undefined
  }

  /** Drops what is on its way, and resolves when it has arrived: before what it is read from is closed. */
  async drop(): Promise<void> {
    const ahead = this.#ahead
    this.#ahead = undefined
    await ahead?.page.catch(() => {})
  }
}
