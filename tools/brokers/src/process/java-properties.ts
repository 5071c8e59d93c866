export type JavaProperties = Readonly<Record<string, string | number | boolean>>

/** The text of a properties file as Java reads it. */
export function javaProperties(properties: JavaProperties): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${propertyText(String(value))}\n`)
    .join('')
}

/** Java reads a backslash in a properties file as the beginning of an escape, and each byte as a Latin-1 character. */
function propertyText(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
