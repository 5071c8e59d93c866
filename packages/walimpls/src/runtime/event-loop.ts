import { MessageChannel } from 'node:worker_threads'
import type { Timer } from './runtime.js'

// The real functions, taken when this module is loaded. A test may install fake timers later, whose `setImmediate` waits until
// the test moves the time. A turn of the event loop takes no time, so no promise of this project may wait for that.
const { setImmediate: immediate, setInterval: interval } = globalThis

/** The longest interval that Node allows, 25 days. */
const NEVER_MS = 2 ** 31 - 1

/** Resolves after the event loop has handled I/O once. */
export const nextTurn: () => Promise<void> = isFaked(immediate)
  ? nextTurnByMessage()
  : () => new Promise((resolve) => immediate(resolve))

/** Whether fake timers were installed before this module was loaded. They have their clock as a property. */
function isFaked(timer: unknown): boolean {
  return Object.hasOwn(timer as object, 'clock')
}

/** Waits for a message to itself, which arrives a turn later. Fake timers do not replace this. It costs more than `setImmediate`. */
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

/** Keeps the process alive until the returned hold is cleared. Any number of holds share one timer. */
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
