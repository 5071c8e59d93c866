import { posix } from 'node:path'
import ts from 'typescript'
import type { FileMap } from './file-map.js'

export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

/**
 * What a file imports: the specifiers of its imports, re-exports, `import()`, `require()` and import types, type-only ones
 * included. `undefined` stands for a specifier that is computed at run time.
 */
export function importsOf(file: ts.SourceFile): (string | undefined)[] {
  const found: (string | undefined)[] = []
  const add = (node: ts.Node | undefined) => {
    found.push(node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined)
  }
  walk(file, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier)
    } else if (ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier !== undefined) add(node.moduleSpecifier)
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression)
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined)
    } else if (ts.isCallExpression(node) && loadsModule(node.expression)) {
      add(node.arguments[0])
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

/** The file that a relative import leads to. */
export function resolveImport(path: string, specifier: string, files: FileMap): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  const candidates = [target, target.replace(/\.([cm]?)js$/, '.$1ts'), `${target}.ts`, `${target}/index.ts`]
  return candidates.find((candidate) => files.has(candidate))
}
