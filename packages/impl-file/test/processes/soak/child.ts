import { statfs } from 'node:fs/promises'
import { watchResidentSet } from '../resident-set.js'

export const BUDGET_BYTES = 64 << 20
const PROGRESS_MS = 10_000

/** Runs one soak in this process: progress to stderr now and then, at the end one line of JSON with what happened. */
export async function soak(work: (progress: Progress) => Promise<object>): Promise<void> {
  const measured = watchResidentSet()
  const progress = new Progress()
  const result = await work(progress)
  progress.end()
  process.stdout.write(`${JSON.stringify({ ...result, ...measured() })}\n`)
}

export class Progress {
  #text = () => ''
  readonly #started = Date.now()
  readonly #timer = setInterval(() => {
    const rss = Math.round(process.memoryUsage.rss() / (1 << 20))
    process.stderr.write(
      `  ${Math.round((Date.now() - this.#started) / 1000)} s: ${this.#text()}, ${rss} MiB resident\n`,
    )
  }, PROGRESS_MS)

  show(text: () => string): void {
    this.#text = text
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

/** A long run must not fill the disk of the machine. */
export async function mustHaveRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free > bytes) return
  throw new Error(
    `${Math.ceil(bytes / 2 ** 30)} GiB are needed in ${folder}, ${Math.floor(free / 2 ** 30)} are free`,
  )
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20)
}
