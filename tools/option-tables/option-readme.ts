import type { OptionSpec, OptionTable } from '@wal/walimpls'
import { defaultOf, meaningOf } from './option-words.js'

const END = '<!-- end of options -->'

export interface ReadmeTable {
  /** The text of the mark before the table in the README. Default: `options`. */
  readonly mark?: string
  readonly table: OptionTable
  /** For a backend, whose options may stand in its URL: how an option is written there, for options that need an example. */
  readonly urlExamples?: Readonly<Partial<Record<string, string>>>
}

/** The README, with the table between its two marks written from the option table. */
export function withReadmeTable(
  readme: string,
  { mark = 'options', table, urlExamples }: ReadmeTable,
): string {
  const first = `<!-- ${mark}: written by tools/test/option-tables.test.ts -->`
  const begin = readme.indexOf(first)
  const end = readme.indexOf(END, begin)
  if (begin < 0 || end < 0) throw new Error(`The README has no lines\n${first}\n${END}`)
  const columns =
    urlExamples === undefined
      ? ['option', 'default', 'meaning']
      : ['option', 'in the URL', 'default', 'meaning']
  const rows = Object.entries(table).map(([name, spec]) => {
    const place = urlExamples === undefined ? [] : [placeInUrl(name, spec, urlExamples[name])]
    const value = spec.required ? 'required' : (defaultOf(spec) ?? '–')
    return [`\`${name}\``, ...place, value, meaningOf(spec)]
  })
  const lines = [columns, columns.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map(cell).join(' | ')} |`,
  )
  return `${readme.slice(0, begin)}${first}\n\n${lines.join('\n')}\n\n${readme.slice(end)}`
}

function placeInUrl(name: string, spec: OptionSpec, example: string | undefined): string {
  if (example !== undefined) return example
  if (spec.type === 'value') return 'in code only'
  const { from = 'query' } = spec
  return from === 'query' ? `\`?${name}=\`` : `the ${from}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
