import { readFileSync } from 'node:fs'
import ts from 'typescript'

export interface ErrorText {
  /** The path of the source, from the repository's root. */
  readonly file: string
  /** The longest piece of the error's text that is constant in the source, and so the same wherever the error is printed. */
  readonly piece: string
}

/** The names of functions that make an error of a text. */
const MAKERS = new Set(['corrupt', 'invalidArgument', 'notWritten', 'refused', 'damaged', 'damagedState'])
/** Pieces that are shorter than this occur in too many texts to identify one, such as `is closed`. */
const LEAST = 12

/** The texts of errors in a source: arguments of `new …Error(…)`, and of the functions in `MAKERS`. */
export function errorTextsIn(root: string, file: string): ErrorText[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(`${root}/${file}`, 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  )
  const found: ErrorText[] = []
  const visit = (node: ts.Node): void => {
    if (makesError(node)) {
      const piece = longestOf(node.arguments ?? [])
      if (piece.length >= LEAST) found.push({ file, piece })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function makesError(node: ts.Node): node is ts.NewExpression | ts.CallExpression {
  if (ts.isNewExpression(node)) return /Error$/.test(node.expression.getText())
  if (!ts.isCallExpression(node)) return false
  const name = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression
  return MAKERS.has(name.getText().replace(/^#/, ''))
}

/** The longest text among the literals in the arguments, except those within nested calls and objects. */
function longestOf(values: readonly ts.Node[]): string {
  const pieces: string[] = []
  const collect = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isObjectLiteralExpression(node) || ts.isNewExpression(node)) return
    if (ts.isStringLiteralLike(node)) pieces.push(node.text)
    else if (ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node))
      pieces.push(node.text)
    else ts.forEachChild(node, collect)
  }
  for (const value of values) collect(value)
  const texts = pieces.map((piece) => piece.trim()).filter((piece) => !/^WAL_\w+$/.test(piece))
  return texts.reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '')
}
