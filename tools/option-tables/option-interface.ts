import type { OptionSpec, OptionTable } from '@wal/walimpls'
import ts from 'typescript'
import { commentOf } from './option-words.js'

const LINE = 120

export interface OptionInterface {
  readonly name: string
  readonly table: OptionTable
  /** The names of options that the interface inherits from another one. */
  readonly inherited?: readonly string[]
}

/**
 * The source with the body of the interface written from the option table. An option of type `value` keeps the TypeScript type
 * that the source gives it.
 */
export function withInterface(source: string, { name, table, inherited = [] }: OptionInterface): string {
  const file = ts.createSourceFile('options.ts', source, ts.ScriptTarget.ES2022, true)
  const found = file.statements.find(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  )
  if (found === undefined) throw new Error(`There is no interface ${name}.`)
  const written = new Map(
    found.members
      .filter(ts.isPropertySignature)
      .map((member) => [member.name.getText(file), member.type?.getText(file) ?? 'unknown']),
  )
  const members = Object.entries(table)
    .filter(([option]) => !inherited.includes(option))
    .map(([option, spec]) => member(option, spec, written.get(option)))
  const open = source.indexOf('{', found.heritageClauses?.end ?? found.typeParameters?.end ?? found.name.end)
  return `${source.slice(0, open)}{\n${members.join('\n')}\n}${source.slice(found.end)}`
}

function member(option: string, spec: OptionSpec, written: string | undefined): string {
  return `${comment(commentOf(spec))}\n  readonly ${option}${spec.required ? '' : '?'}: ${typeOf(spec, written)}`
}

function typeOf({ type, allowed }: OptionSpec, written = 'unknown'): string {
  switch (type) {
    case 'text':
      return allowed === undefined ? 'string' : allowed.map((each) => `'${each}'`).join(' | ')
    case 'texts':
    case 'hosts':
      return 'readonly string[]'
    case 'integer':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'value':
      return written
  }
}

function comment(text: string): string {
  const line = `  /** ${text} */`
  if (line.length <= LINE) return line
  const lines: string[] = []
  let last = '   *'
  for (const word of text.split(' ')) {
    if (last.length + 1 + word.length > LINE) {
      lines.push(last)
      last = '   *'
    }
    last += ` ${word}`
  }
  return ['  /**', ...lines, last, '   */'].join('\n')
}
