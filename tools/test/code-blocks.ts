import ts from 'typescript'
import type { FileMap } from '../architecture/file-map.js'

/** A fenced block of TypeScript or JavaScript in a document. */
export interface CodeBlock {
  readonly page: string
  /** Of its first line of code, from 1. */
  readonly line: number
  readonly code: string
}

/** What a block leaves out because its readers don't need it. Compilers do. */
export interface Surroundings {
  readonly page: string
  /** A text that this block of the page contains, and no other. */
  readonly contains: string
  /** Folder of the repository in which the block would lie: its imports are resolved from there. */
  readonly folder?: string
  readonly before?: string
  readonly after?: string
}

export function codeBlocks(pages: FileMap): CodeBlock[] {
  return [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/^```[ \t]*(?:[cm]?[jt]s|javascript|typescript)\b.*\n([\s\S]*?)^```/gim)].map(
      (match) => ({
        page,
        line: text.slice(0, match.index).split('\n').length + 1,
        code: match[1] as string,
      }),
    ),
  )
}

export function surroundingsOf(block: CodeBlock, all: readonly Surroundings[]): Surroundings | undefined {
  return all.find(({ page, contains }) => page === block.page && block.code.includes(contains))
}

/** What the compiler says of the blocks, with the place in the document. */
export function compileErrors(
  root: string,
  blocks: readonly { readonly block: CodeBlock; readonly around: Surroundings }[],
): string[] {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root)
  const texts = new Map(
    blocks.map(({ block, around: { folder = 'packages/core/test', before = '', after = '' } }, index) => [
      `${root}/${folder}/code-block-${index}.ts`,
      // All that comes before is one line, so that lines can be counted.
      `${before.replaceAll('\n', ' ')}\n${block.code}${after}\nexport {}\n`,
    ]),
  )
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  host.getSourceFile = (path, language) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile(path, language) : ts.createSourceFile(path, text, language)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return [...texts.keys()].flatMap((path, index) => {
    const file = program.getSourceFile(path)
    const { page, line } = (blocks[index] as { block: CodeBlock }).block
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const at = line + ts.getLineAndCharacterOfPosition(file as ts.SourceFile, start).line - 1
        return `${page}:${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      },
    )
  })
}
