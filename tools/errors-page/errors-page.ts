import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { WalError } from '@wal/walimpls'
import { expect, test } from 'vitest'
import type { ErrorCase } from './error-case.js'

/** A page of `docs/` that shows errors as they are printed. */
export interface ErrorsPage {
  /** The name of the page's file, such as `errors.md`. */
  readonly file: string
  readonly cases: readonly ErrorCase[]
  /** Replaces what differs from run to run, such as paths and times, by fixed texts. */
  steady?(text: string): string
  /** Makes the whole page from its two tables: errors with cause and advice, and bad input. */
  render(states: string, inputs: string): string
}

/** Registers a test for each error, and a test that compares the page with the file. With `-u` the latter writes the file. */
export function testErrorsPage({ file, cases, steady = (text) => text, render }: ErrorsPage): void {
  const shown = new Map<ErrorCase, string>()

  test.each(cases)('$code, $what', async (each) => {
    const error = await Promise.resolve()
      .then(each.make)
      .then(
        () => new Error('nothing was refused'),
        (error: unknown) => error,
      )
    expect(error, String((error as Error).stack)).toSatisfy(WalError.isInstance)
    expect(error).toMatchObject({ code: each.code })
    shown.set(each, cell(steady((error as WalError).message)))
  })

  test(`docs/${file} shows these errors`, async () => {
    expect(shown.size).toBe(cases.length)
    const page = fileURLToPath(new URL(`../../docs/${file}`, import.meta.url))
    const states = cases
      .filter(({ advice }) => advice !== undefined)
      .map((each) => `| \`${each.code}\` | ${shown.get(each)} | ${each.what} | ${each.advice} |`)
    const inputs = cases
      .filter(({ advice }) => advice === undefined)
      .map((each) => `| ${each.what} | ${shown.get(each)} |`)
    const text = render(
      table(['code', 'as printed', 'why', 'what to do'], states),
      table(['what was wrong', 'as printed'], inputs),
    )
    await expect(text).toMatchFileSnapshot(page)
  })
}

function table(columns: readonly string[], rows: readonly string[]): string {
  return [`| ${columns.join(' | ')} |`, `|${' --- |'.repeat(columns.length)}`, ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** The text of all pages of errors, joined. */
export function shownErrors(): string {
  const files = [
    'errors.md',
    'errors-file.md',
    'errors-redis-streams.md',
    'errors-kafka.md',
    'errors-pulsar.md',
    'errors-for-authors.md',
  ]
  return files.map((file) => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')).join('\n')
}
