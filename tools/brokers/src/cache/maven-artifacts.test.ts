import { expect, test } from 'vitest'
import { pom } from './maven-artifacts.js'

test('the Maven project depends on each artifact', () => {
  const text = pom([{ group: 'org.example', name: 'thing', version: '1.2' }])
  expect(text).toContain(
    '<dependency><groupId>org.example</groupId><artifactId>thing</artifactId><version>1.2</version></dependency>',
  )
})
