import cliProgress from 'cli-progress'

/** Shows how far the writer and the readers are: bars on a terminal, elsewhere a line after every ten per cent. */
export interface Progress extends Disposable {
  update(name: string, count: number): void
  /** Prints a line of text above the bars. */
  say(text: string): void
}

export function openProgress(names: readonly string[], total: number): Progress {
  return process.stdout.isTTY ? new Bars(names, total) : new Lines(names, total)
}

class Bars implements Progress {
  private readonly bars: cliProgress.MultiBar
  private readonly barOf: ReadonlyMap<string, cliProgress.SingleBar>

  constructor(names: readonly string[], total: number) {
    const width = Math.max(...names.map((name) => name.length))
    this.bars = new cliProgress.MultiBar(
      {
        stream: process.stdout,
        format: '{name} {bar} {percentage} % {value}',
        autopadding: true,
        hideCursor: true,
        // The library for bars must not handle interruptions: `stage.ts` does.
        gracefulExit: false,
      },
      cliProgress.Presets.rect,
    )
    this.barOf = new Map(
      names.map((name) => [name, this.bars.create(total, 0, { name: name.padEnd(width) })]),
    )
  }

  update(name: string, count: number): void {
    this.barOf.get(name)?.update(count)
  }

  say(text: string): void {
    this.bars.log(`${text}\n`)
  }

  [Symbol.dispose](): void {
    this.bars.stop()
  }
}

class Lines implements Progress {
  private readonly counts: Map<string, number>
  private tenths = 0

  constructor(
    names: readonly string[],
    private readonly total: number,
  ) {
    this.counts = new Map(names.map((name) => [name, 0]))
  }

  update(name: string, count: number): void {
    this.counts.set(name, count)
    const done = [...this.counts.values()].reduce((sum, each) => sum + each, 0)
    const tenths = Math.floor((10 * done) / (this.total * this.counts.size))
    if (tenths === this.tenths) return
    this.tenths = tenths
    this.print()
  }

  say(text: string): void {
    console.log(text)
  }

  [Symbol.dispose](): void {
    if (this.tenths < 10) this.print()
  }

  private print(): void {
    const each = [...this.counts].map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
    console.log(`${String(this.tenths * 10).padStart(3)} %  ${each.join(', ')}`)
  }
}
