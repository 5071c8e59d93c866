import ts from 'typescript'
import type { FileMap } from '../architecture/file-map.js'

/** A fenced block of TypeScript or JavaScript in a document. */
export interface CodeBlock {
  readonly page: string
  /** The line of the page, from 1, on which the block's code begins. */
  readonly line: number
  readonly code: string
}

/** The code that a block needs to compile, and that the page leaves out since readers do not need it. */
export interface Surroundings {
  readonly page: string
  /** A text that only this block of the page contains. */
  readonly contains: string
  /** The folder from which the block's imports are resolved, as if the block were a file in it. */
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

/** Compiles the blocks. Answers the errors of the compiler, each with its place in the document. */
export function compileErrors(
  root: string,
  blocks: readonly { readonly block: CodeBlock; readonly around: Surroundings }[],
): string[] {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root)
  const texts = new Map(
    blocks.map(({ block, around: { folder = 'packages/core/test', before = '', after = '' } }, index) => [
      `${root}/${folder}/code-block-${index}.ts`,
      // The code before the block is put on one line, so that line numbers can be converted.
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
