import { MessageChannel } from 'node:worker_threads'
import type { Timer } from './runtime.js'

// Taken when this module is loaded. What a test's fake timers put in their place later would wait for that test to move
// time on, and no promise of this project's may depend on that: a turn of the event loop is no time.
const { setImmediate: immediate, setInterval: interval } = globalThis

/** Further away than a process lives. */
const NEVER_MS = 2 ** 31 - 1

/** Resolves after the current turn of the event loop has let I/O in. */
export const nextTurn: () => Promise<void> = isFaked(immediate)
  ? nextTurnByMessage()
  : () => new Promise((resolve) => immediate(resolve))

/** Fake timers carry their clock, and were here before this module. */
function isFaked(timer: unknown): boolean {
  return Object.hasOwn(timer as object, 'clock')
}

/** A message to oneself arrives a turn later; nobody fakes that. It costs several times what `setImmediate` does. */
function nextTurnByMessage(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel()
  let waiting: (() => void)[] = []
  port1.on('message', () => {
    port1.unref()
    const wakes = waiting
    waiting = []
    for (const wake of wakes) wake()
  })
  port1.unref()
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) > 1) return
      port1.ref()
      port2.postMessage(undefined)
    })
}

let holders = 0
let anchor: NodeJS.Timeout | undefined

/** Keeps the process alive until what is returned is cleared. Any number of holds share one timer. */
export function holdProcess(): Timer {
  anchor ??= interval(() => {}, NEVER_MS)
  if (holders++ === 0) anchor.ref()
  let held = true
  return {
    clear() {
      if (!held) return
      held = false
      if (--holders === 0) anchor?.unref()
    },
  }
}
