/**
 * Holds one page that was requested early, so that the request for the next page runs while the last page is being decoded.
 * More than one page would take memory without saving more time.
 */
export class ReadAhead<P> {
  #ahead: { readonly key: string; readonly page: Promise<P> } | undefined

  /**
   * Keeps a page that was requested. `key` names the place where the page begins. When the request fails, `take` gives the
   * failure.
   */
  begin(key: string, page: Promise<P>): void {
    page.catch(() => {})
    this.#ahead = { key, page }
  }

  /**
   * Gives the page that begins at `key`. Undefined when no page was requested, or one that begins elsewhere, which is dropped.
   */
  take(key: string): Promise<P> | undefined {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead?.key === key ? ahead.page : undefined
  }

  /** Drops the page. Resolves when its request has settled, so that the file or connection may then be closed. */
  async drop(): Promise<void> {
    const ahead = this.#ahead
    this.#ahead = undefined
    await ahead?.page.catch(() => {})
  }
}
