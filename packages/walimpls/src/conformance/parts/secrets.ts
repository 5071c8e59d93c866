import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { readOptions } from '../../helper/option-reader.js'
import { redactUrl } from '../../helper/redact-url.js'
import { systemRuntime } from '../../runtime/system-runtime.js'
import type { LoggerUnderTest } from '../adaptor.js'
import { writerOf } from '../batches.js'
import type { PartContext } from '../part.js'

const PLANTED = 'hunter2-planted'

/** G22: what is secret goes to the client and nowhere else. */
export function secretsPart({ backend, test }: PartContext): void {
  const { builder, failedLogin } = backend
  const secretOptions = Object.entries(builder.options).filter(([, { secret }]) => secret)
  const none = secretOptions.length === 0 ? 'none of its options is secret' : undefined

  /** To unlimited depth, what is not enumerable included. */
  const shown = (value: unknown): string =>
    [inspect(value, { depth: null, showHidden: true, maxStringLength: null }), String(value)].join('\n')

  test(
    'an option of the wrong kind is refused without showing it',
    async (scene) => {
      for (const [name] of secretOptions)
        for (const bad of [[PLANTED], { secret: PLANTED }]) {
          const error = refusal(() => readOptions(builder.options, { ...scene.options, [name]: bad }, 'it'))
          assert.ok(error !== undefined && !shown(error).includes(PLANTED), `"${name}" is shown`)
        }
    },
    none,
  )

  test(
    'a printed URL does not show it',
    async () => {
      for (const [name, { from = 'query' }] of secretOptions) {
        const url =
          from === 'query'
            ? `${builder.name}:?${name}=${PLANTED}`
            : from === 'path'
              ? `${builder.name}:${PLANTED}`
              : `${builder.name}://${PLANTED}:${PLANTED}@localhost/x`
        if (from !== 'hosts') assert.ok(!redactUrl(url, builder.options).includes(PLANTED), url)
      }
    },
    none,
  )

  test(
    'a failed login shows no secret, in errors to unlimited depth, in logs and in guarantees',
    async (scene) => {
      assert.ok(failedLogin !== undefined, 'give `failedLogin`: options that hold secrets and fail')
      const secrets = secretOptions.map(([name]) => failedLogin[name]).filter((value) => value !== undefined)
      assert.ok(secrets.length > 0, '`failedLogin` holds no secret')
      const said: unknown[] = []
      const note = (...given: unknown[]) => void said.push(given)
      const logger: LoggerUnderTest = { debug: note, info: note, warn: note, error: note }
      const through = await scene.open({ backend: failedLogin, logger, openTimeoutMs: 5000 }).catch((e) => e)
      said.push(through)
      assert.ok(through instanceof Error, 'the login did not fail')
      try {
        const options = readOptions(builder.options, failedLogin, builder.name)
        const opener = await builder.build(options, systemRuntime)
        scene.atEnd(() => opener.close())
        const { signal } = new AbortController()
        said.push(await opener.openReadOnly(scene.channel, { signal }).catch((e) => e))
        said.push(await opener.open(scene.channel, writerOf(1), { signal }).catch((e) => e))
      } catch (error) {
        said.push(error)
      }
      for (const secret of secrets)
        for (const each of said) assert.ok(!shown(each).includes(String(secret)), 'a secret is shown')
    },
    none,
  )

  function refusal(call: () => unknown): unknown {
    try {
      call()
      return undefined
    } catch (error) {
      return error
    }
  }
}
