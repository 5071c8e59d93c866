import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { readOptions, redactUrl } from '@wal/walimpls/helper'
import type { LoggerUnderTest } from '../kit/adaptor.js'
import { writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { findSecret } from '../kit/secret-finder.js'

const PLANTED = 'hunter2-planted'

interface Shown {
  readonly option: string
  readonly secret: string
  /** The place where the secret must not appear; completes the sentence "The secret is shown in …". */
  readonly where: string
}

/** G22: the value of a secret option reaches the client and appears in no error, log line or printed URL. */
export function secretsPart({ backend, test }: PartContext): void {
  const { builder, failedLogin } = backend
  const secretOptions = Object.entries(builder.options).filter(([, { secret }]) => secret)
  const choices = {
    doesNotApply: secretOptions.length === 0 ? 'The backend has no secret option.' : undefined,
  }

  test(
    'the error that refuses a secret option of the wrong type does not show its value',
    async (scene) => {
      for (const [name] of secretOptions)
        for (const bad of [[PLANTED], { secret: PLANTED }]) {
          const error = refusal(() => readOptions(builder.options, { ...scene.options, [name]: bad }, 'it'))
          assert.ok(error !== undefined, `The option "${name}" accepted a value of the wrong type.`)
          assertHidden(
            { option: name, secret: PLANTED, where: 'the error that refuses a wrong value' },
            error,
          )
        }
    },
    choices,
  )

  test(
    'a printed URL does not show the value of a secret option',
    async () => {
      for (const [name, { from = 'query' }] of secretOptions) {
        // Host names are no secret, so they may be printed.
        if (from === 'hosts') continue
        const urls = {
          query: `?${name}=${PLANTED}`,
          path: PLANTED,
          user: `//${PLANTED}:other@localhost/x`,
          password: `//other:${PLANTED}@localhost/x`,
        }
        const url = `${builder.name}:${urls[from]}`
        const printed = redactUrl(url, builder.options)
        assertHidden({ option: name, secret: PLANTED, where: `the printed form of ${url}` }, printed)
      }
    },
    choices,
  )

  test(
    'a failed login shows no secret in errors and their causes, in logs and in guarantees',
    async (scene) => {
      assert.ok(
        failedLogin !== undefined,
        'The backend has a secret option, so pass `failedLogin` to the kit: options that hold a secret and with which connecting or opening fails.',
      )
      const secrets = secretOptions.flatMap(([name]): [string, string][] =>
        failedLogin[name] === undefined ? [] : [[name, String(failedLogin[name])]],
      )
      assert.ok(
        secrets.length > 0,
        `\`failedLogin\` has to hold one of the secret options: ${secretOptions.map(([name]) => name).join(', ')}.`,
      )
      const said: { readonly where: string; readonly value: unknown }[] = []
      const note = (...given: unknown[]) => void said.push({ where: 'a line of the log', value: given })
      const logger: LoggerUnderTest = { debug: note, info: note, warn: note, error: note }
      const through = await scene.open({ backend: failedLogin, logger, openTimeoutMs: 5000 }).catch((e) => e)
      said.push({ where: 'the error of openWal', value: through })
      assert.ok(
        through instanceof Error,
        'openWal succeeded with the options of `failedLogin`. They have to make connecting or opening fail.',
      )
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
        for (const { where, value } of said) assertHidden({ option: name, secret, where }, value)
    },
    choices,
  )

  function assertHidden({ option, secret, where }: Shown, value: unknown): void {
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
