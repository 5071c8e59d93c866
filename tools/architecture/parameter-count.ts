import ts from 'typescript'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { parse, walk } from './source-file.js'

const MAXIMUM = 3

/**
 * Functions and methods of the packages with more than three parameters, function types included: at a call, nobody knows what
 * the fourth argument means. Such parameters belong into one object. The pseudo-parameter `this` does not count.
 */
export function longParameterLists(files: FileMap): string[] {
  const found: string[] = []
  for (const [path, text] of files) {
    if (packageOf(path) === undefined || isTest(path)) continue
    const file = parse(path, text)
    walk(file, (node) => {
      if (!ts.isFunctionLike(node)) return
      const count = node.parameters.filter((each) => each.name.getText(file) !== 'this').length
      if (count <= MAXIMUM) return
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      found.push(`${path}:${line + 1}: ${count} parameters, the limit is ${MAXIMUM}`)
    })
  }
  return found
}
