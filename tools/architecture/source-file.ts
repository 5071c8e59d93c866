import { posix } from 'node:path'
import ts from 'typescript'
import type { FileMap } from './file-map.js'

/** One specifier of an import, a re-export, `import()`, `require()` or an import type. */
export interface ImportReference {
  /** `undefined` when it is computed, so that nobody can say what it imports. */
  readonly specifier: string | undefined
  /** Gone after compilation: it counts as a dependency, not as part of a cycle. */
  readonly typeOnly: boolean
}

export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

export function importsOf(file: ts.SourceFile): ImportReference[] {
  const found: ImportReference[] = []
  const add = (node: ts.Node | undefined, typeOnly: boolean) => {
    const specifier = node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined
    found.push({ specifier, typeOnly })
  }
  walk(file, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier !== undefined) add(node.moduleSpecifier, node.isTypeOnly)
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression, false)
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    } else if (ts.isCallExpression(node) && loadsModule(node.expression)) {
      add(node.arguments[0], false)
    }
  })
  return found
}

function loadsModule(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true
  if (ts.isIdentifier(callee)) return callee.text === 'require'
  return ts.isPropertyAccessExpression(callee) && callee.getText() === 'require.resolve'
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** The file of the map that a relative import means. */
export function resolveImport(path: string, specifier: string, files: FileMap): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  const candidates = [target, target.replace(/\.([cm]?)js$/, '.$1ts'), `${target}.ts`, `${target}/index.ts`]
  return candidates.find((candidate) => files.has(candidate))
}
