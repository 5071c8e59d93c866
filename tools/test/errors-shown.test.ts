import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readFiles } from '../architecture/file-map.js'
import { shownErrors } from '../errors-page/errors-page.js'
import { NOT_SHOWN } from '../errors-page/not-shown.js'
import { errorTextsIn } from '../errors-page/texts-in-sources.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = [...readFiles(root, ['packages']).keys()].filter((path) =>
  /^packages\/[\w-]+\/src\/(?!.*\.test\.)/.test(path),
)
const texts = sources.flatMap((file) => errorTextsIn(root, file))
const shown = shownErrors().replaceAll('\\|', '|')

test('every error of the sources is shown on a page, or its reason not to be is given', () => {
  expect(texts.length).toBeGreaterThan(150)
  const reasons = new Set(NOT_SHOWN.flatMap(({ pieces }) => pieces))
  const missing = texts.filter(({ piece }) => !shown.includes(piece) && !reasons.has(piece))
  expect(missing.map(({ file, piece }) => `${file}: ${piece}`)).toEqual([])
})

test('each error with a reason not to be shown is in the sources, and on no page', () => {
  const known = new Set(texts.map(({ piece }) => piece))
  const stale = NOT_SHOWN.flatMap(({ pieces }) => pieces).filter(
    (piece) => !known.has(piece) || shown.includes(piece),
  )
  expect(stale).toEqual([])
})
