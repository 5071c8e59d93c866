import ts from 'typescript'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { parse, walk } from './source-file.js'

/**
 * Members of classes that are declared `private`. What is private in a class is a `#` member: such a member is private at
 * run time as well, while a `private` one is printed by `console.log` with everything it holds. A constructor can't be
 * named `#`, so `private constructor` is allowed. Tests are left out.
 */
export function privateKeywords(files: FileMap): string[] {
  const found: string[] = []
  for (const [path, text] of files) {
    if (packageOf(path) === undefined || isTest(path)) continue
    const file = parse(path, text)
    walk(file, (node) => {
      if (node.kind !== ts.SyntaxKind.PrivateKeyword || ts.isConstructorDeclaration(node.parent)) return
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      found.push(`${path}:${line + 1}: declared private, make it a # member`)
    })
  }
  return found
}
