import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { readOptions, redactUrl } from '@wal/walimpls/helper'
import type { LoggerUnderTest } from '../kit/adaptor.js'
import { writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { findSecret } from '../kit/secret-finder.js'

const PLANTED = 'hunter2-planted'

/** G22: what is secret goes to the client and nowhere else. */
export function secretsPart({ backend, test }: PartContext): void {
  const { builder, failedLogin } = backend
  const secretOptions = Object.entries(builder.options).filter(([, { secret }]) => secret)
  const none = secretOptions.length === 0 ? 'none of its options is secret' : undefined

  test(
    'an option of the wrong kind is refused without showing it',
    async (scene) => {
      for (const [name] of secretOptions)
        for (const bad of [[PLANTED], { secret: PLANTED }]) {
          const error = refusal(() => readOptions(builder.options, { ...scene.options, [name]: bad }, 'it'))
          assert.ok(error !== undefined, `option "${name}" took a value of the wrong kind`)
          assertHidden(name, PLANTED, 'the error that refuses a wrong value', error)
        }
    },
    none,
  )

  test(
    'a printed URL does not show it',
    async () => {
      for (const [name, { from = 'query' }] of secretOptions) {
        // Hosts are for everybody to see.
        if (from === 'hosts') continue
        const urls = {
          query: `?${name}=${PLANTED}`,
          path: PLANTED,
          user: `//${PLANTED}:other@localhost/x`,
          password: `//other:${PLANTED}@localhost/x`,
        }
        const url = `${builder.name}:${urls[from]}`
        assertHidden(name, PLANTED, `the printed form of ${url}`, redactUrl(url, builder.options))
      }
    },
    none,
  )

  test(
    'a failed login shows no secret, in errors to unlimited depth, in logs and in guarantees',
    async (scene) => {
      assert.ok(failedLogin !== undefined, 'give `failedLogin`: options that hold secrets and fail')
      const secrets = secretOptions.flatMap(([name]): [string, string][] =>
        failedLogin[name] === undefined ? [] : [[name, String(failedLogin[name])]],
      )
      assert.ok(secrets.length > 0, '`failedLogin` holds no secret')
      const said: { readonly where: string; readonly value: unknown }[] = []
      const note = (...given: unknown[]) => void said.push({ where: 'a line of the log', value: given })
      const logger: LoggerUnderTest = { debug: note, info: note, warn: note, error: note }
      const through = await scene.open({ backend: failedLogin, logger, openTimeoutMs: 5000 }).catch((e) => e)
      said.push({ where: 'the error of openWal', value: through })
      assert.ok(through instanceof Error, 'the login did not fail')
      try {
        const options = readOptions(builder.options, failedLogin, builder.name)
        const opener = await builder.build(options, systemRuntime)
        scene.atEnd('closing an opener', () => opener.close())
        const { signal } = new AbortController()
        const reading = await opener.openReadOnly(scene.channel, { signal }).catch((e) => e)
        said.push({ where: 'what openReadOnly came to', value: reading })
        const writing = await opener.open(scene.channel, writerOf(1), { signal }).catch((e) => e)
        said.push({ where: 'what open came to', value: writing })
      } catch (error) {
        said.push({ where: 'the error of build', value: error })
      }
      for (const [name, secret] of secrets)
        for (const { where, value } of said) assertHidden(name, secret, where, value)
    },
    none,
  )

  function assertHidden(option: string, secret: string, where: string, value: unknown): void {
    const path = findSecret(value, secret)
    assert.equal(path, undefined, `The secret option "${option}" is shown in ${where}${path ?? ''}.`)
  }

  function refusal(call: () => unknown): unknown {
    try {
      call()
      return undefined
    } catch (error) {
      return error
    }
  }
}
