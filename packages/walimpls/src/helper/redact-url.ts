import type { OptionSpec, OptionTable } from '../option-table.js'
import { parseBackendUrl, SCHEME, splitBackendUrl } from './backend-url.js'

/**
 * A backend URL that may be shown: the password is replaced, and so is every query value that `table` does not know as an
 * option without secrets. Of a URL that cannot be parsed, at most the scheme is shown, since a password may be anywhere in it.
 */
export function redactUrl(text: string, table: OptionTable = {}): string {
  try {
    parseBackendUrl(text)
    return redacted(text, table)
  } catch {
    return `${SCHEME.exec(text)?.[0] ?? ''}***`
  }
}

function redacted(text: string, table: OptionTable): string {
  const { scheme, user, password, hosts, path, query } = splitBackendUrl(text)
  const takes = (part: OptionSpec['from']) => Object.values(table).find((spec) => spec.from === part)
  const shownPath = path !== '' && takes('path')?.secret ? '***' : path
  const shownQuery = query === '' ? '' : `?${shownParameters(query, table)}`
  if (hosts === undefined) {
    // A login that was written without "//" would be a part of this path.
    const mayHoldLogin = takes('hosts') !== undefined || (takes('path') === undefined && text.includes('@'))
    return mayHoldLogin ? `${scheme}:***` : `${scheme}:${shownPath}${shownQuery}`
  }
  const shownUser = user && takes('user')?.secret ? '***' : user
  const login = user === undefined ? '' : `${shownUser}${password ? ':***' : ''}@`
  return `${scheme}://${login}${hosts}${path === '' ? '' : `/${shownPath}`}${shownQuery}`
}

function shownParameters(query: string, table: OptionTable): string {
  const shown = query.split('&').map((part) => {
    const [name] = part.split('=', 1) as [string]
    if (!Object.hasOwn(table, name)) return '***'
    return table[name]?.secret ? `${name}=***` : part
  })
  return shown.join('&')
}
