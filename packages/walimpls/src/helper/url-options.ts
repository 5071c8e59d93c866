import type { OpenerBuilderImpls } from '../builder.js'
import { invalidArgument } from '../errors/invalid-argument.js'
import { WalError } from '../errors/wal-error.js'
import type { OptionSpec } from '../option-table.js'
import type { BackendUrl } from './backend-url.js'
import { hostText } from './hosts.js'
import { oneOf, ruleOf } from './option-rule.js'
import { unknownOption } from './unknown-option.js'

/**
 * The options object that a URL stands for. `readOptions` then checks bounds and fills in defaults. Throws
 * `WAL_INVALID_ARGUMENT` for a part of the URL that belongs to no option of the backend. The error shows no secret.
 */
export function optionsFromUrl(
  builder: Pick<OpenerBuilderImpls, 'name' | 'options' | 'schemes'>,
  url: BackendUrl,
): Record<string, unknown> {
  const { name: backend, options: table, schemes = {} } = builder
  const what = `backend "${backend}"`
  if (url.scheme !== backend && !Object.hasOwn(schemes, url.scheme))
    throw invalidArgument(
      `The URL scheme of ${what} must be ${oneOf([backend, ...Object.keys(schemes)])}`,
      url.scheme,
    )

  const options: Record<string, unknown> = {}
  for (const part of ['path', 'user', 'password'] as const) {
    const text = url[part]
    if (text === undefined) continue
    const [name, spec] = optionFrom(builder, part)
    // The error does not show this text, since a login that was written in the wrong form ends up here.
    options[name] = parsed({ ...spec, secret: true }, text, `The option "${name}" of ${what}`)
  }
  if (url.hosts.length > 0) {
    const [name, spec] = optionFrom(builder, 'hosts')
    const hosts = url.hosts.map(hostText)
    const list = spec.type === 'texts' || spec.type === 'hosts'
    if (!list && hosts.length > 1)
      throw invalidArgument(`The URL of ${what} takes one host, and ${hosts.length} are given`)
    options[name] = list ? hosts : hosts[0]
  }
  for (const [name, text] of url.query) {
    const spec = Object.hasOwn(table, name) ? table[name] : undefined
    if (spec === undefined || (spec.from ?? 'query') !== 'query' || spec.type === 'value') {
      const inQuery = Object.entries(table)
        .filter(([, other]) => (other.from ?? 'query') === 'query' && other.type !== 'value')
        .map(([known]) => known)
      throw unknownOption(name, inQuery, `${what} in the query of its URL`)
    }
    options[name] = parsed(spec, text, `The option "${name}" of ${what}`)
  }
  const implied = Object.hasOwn(schemes, url.scheme) ? (schemes[url.scheme] ?? {}) : {}
  for (const [name, value] of Object.entries(implied)) {
    if (Object.hasOwn(options, name) && options[name] !== value)
      throw new WalError(
        'WAL_INVALID_ARGUMENT',
        `The URL scheme ${url.scheme} means ${name}=${String(value)}, and the URL’s query says otherwise. Leave "${name}" out of the query, or take another scheme.`,
      )
    options[name] = value
  }
  return options
}

function optionFrom(
  builder: Pick<OpenerBuilderImpls, 'name' | 'options'>,
  part: 'path' | 'user' | 'password' | 'hosts',
): [string, OptionSpec] {
  const found = Object.entries(builder.options).find(([, spec]) => spec.from === part)
  if (found !== undefined) return found
  const hint = part === 'hosts' ? ' (one slash before a path, or three, not two)' : ''
  throw new WalError('WAL_INVALID_ARGUMENT', `The URL of backend "${builder.name}" takes no ${part}${hint}.`)
}

function parsed(spec: OptionSpec, text: string, what: string): unknown {
  const refuse = () => invalidArgument(`${what} must be ${ruleOf(spec)}`, spec.secret ? undefined : text)
  switch (spec.type) {
    case 'integer':
      if (!/^-?[0-9]{1,16}$/.test(text)) throw refuse()
      return Number(text)
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refuse()
      return text === 'true'
    case 'texts':
    case 'hosts':
      return text.split(',')
    default:
      return text
  }
}
