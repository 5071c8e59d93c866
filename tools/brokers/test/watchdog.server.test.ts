import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { isAlive } from './process-state.js'

const starter = fileURLToPath(new URL('./start-and-wait.ts', import.meta.url))

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a server ends, and its folder goes, with the process that started it: %s',
  async (signal) => {
    const parent = spawn(process.execPath, ['--import', 'tsx', starter], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
    const { processId, folder } = JSON.parse(line) as { processId: number; folder: string }
    expect(isAlive(processId)).toBe(true)
    expect(existsSync(folder)).toBe(true)
    parent.kill(signal)
    await vi.waitUntil(() => !isAlive(processId) && !existsSync(folder), { timeout: 30_000 })
  },
)
