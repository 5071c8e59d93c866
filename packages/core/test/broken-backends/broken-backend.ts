import type { BackendUnderTest, PartName } from '@wal/conformance'
import type { Builder } from './broken-builder.js'

/** A backend that breaks one promise, and the part of the conformance kit that has to find the fault. */
export interface BrokenBackend extends Partial<BackendUnderTest> {
  readonly name: string
  readonly part: PartName
  readonly builder: Builder
}
