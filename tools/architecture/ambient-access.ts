import ts from 'typescript'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { importsOf, parse, walk } from './source-file.js'

const simulated = new Set(['walimpls', 'core', 'impl-file'])
const runtime = /^packages\/walimpls\/src\/runtime(\.ts$|\/)/
const modules = new Set(['fs', 'fs/promises', 'timers', 'timers/promises'])
const globals = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  // A microtask takes no time, but fake timers replace `queueMicrotask` too: a test would have to move time on to make it run.
  'queueMicrotask',
])
const members = new Set([
  'Date.now',
  'performance.now',
  'process.nextTick',
  'AbortSignal.timeout',
  'Math.random',
  'crypto.randomUUID',
  'crypto.randomBytes',
  'crypto.getRandomValues',
])
const randomFunctions = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFillSync',
  'getRandomValues',
])

/** Places that use a clock, a timer, randomness or files without the injected runtime. Such code cannot be simulated. */
export function ambientAccessViolations(files: FileMap): string[] {
  const violations: string[] = []
  for (const [path, text] of files) {
    const from = packageOf(path)
    if (from === undefined || !simulated.has(from) || runtime.test(path) || isTest(path)) continue
    const file = parse(path, text)
    for (const specifier of importsOf(file)) {
      if (specifier !== undefined && modules.has(specifier.replace(/^node:/, ''))) {
        violations.push(`${path}: imports ${specifier}`)
      }
    }
    walk(file, (node) => {
      const name = ambientName(node)
      if (name === undefined) return
      const { line } = file.getLineAndCharacterOfPosition(node.getStart())
      violations.push(`${path}:${line + 1}: uses ${name}`)
    })
  }
  return violations
}

// Every mention counts, not only a call: with `now = Date.now` as a default, the real clock gets in as well.
function ambientName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.getText().replace(/^(globalThis|global)\./, '')
    return globals.has(name) && name !== node.getText() ? name : members.has(name) ? name : undefined
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
    return 'new Date()'
  if (ts.isImportSpecifier(node)) {
    const imported = (node.propertyName ?? node.name).text
    return randomFunctions.has(imported) && fromCrypto(node) ? imported : undefined
  }
  return ts.isIdentifier(node) && globals.has(node.text) && isReference(node) ? node.text : undefined
}

function fromCrypto(node: ts.ImportSpecifier): boolean {
  const { moduleSpecifier } = node.parent.parent.parent
  return ts.isStringLiteral(moduleSpecifier) && /^(node:)?crypto$/.test(moduleSpecifier.text)
}

/** Whether `setTimeout` stands by itself in the code: not as `runtime.setTimeout`, nor as the name of a declared member. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent) || ts.isImportSpecifier(parent))
    return false
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return (parent as ts.NamedDeclaration).name !== node
}
