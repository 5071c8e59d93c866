import type { OptionSpec, OptionTable } from '@wal/walimpls'
import { defaultOf, meaningOf } from './option-words.js'

const BEGIN = '<!-- options: written by tools/test/option-tables.test.ts -->'
const END = '<!-- end of options -->'

export interface ReadmeTable {
  readonly table: OptionTable
  /** Of a backend, whose options stand in its URL too: by option, how, where that needs an example. */
  readonly urlExamples?: Readonly<Partial<Record<string, string>>>
}

/** The README with the table between its two marks as the option table makes it. */
export function withReadmeTable(readme: string, { table, urlExamples }: ReadmeTable): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`The README has no lines\n${BEGIN}\n${END}`)
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
  return `${readme.slice(0, begin)}${BEGIN}\n\n${lines.join('\n')}\n\n${readme.slice(end)}`
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
