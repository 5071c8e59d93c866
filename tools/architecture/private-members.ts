import ts from 'typescript'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { parse, walk } from './source-file.js'

/**
 * Members that are declared `private`, where a `#` member should be. A `#` member is private at run time too, while
 * `console.log` prints a `private` member with its whole content. A constructor cannot have a `#` name, so `private
 * constructor` is allowed. Tests are left out.
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
