import type { FileMap } from './file-map.js'

const maximumLines = 400

export function lengthViolations(files: FileMap): string[] {
  return [...files]
    .map(([path, text]) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > maximumLines)
    .map(({ path, lines }) => `${path}: ${lines} lines, the limit is ${maximumLines}`)
}
