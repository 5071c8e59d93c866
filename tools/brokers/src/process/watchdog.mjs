// The watchdog: a process beside the one that starts servers. It reads JSON lines from a pipe: { id, undo } adds an action, {
// id } removes it. When the pipe closes, the other process has ended (also by kill -9), and the watchdog performs the actions
// that are left. It is plain JavaScript, so that it starts without a loader.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const listed = new Map()

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, undo } = JSON.parse(line)
    if (undo === undefined) listed.delete(id)
    else listed.set(id, undo)
  })
  .on('close', undoAll)

function undoAll() {
  const all = [...listed.values()]
  // Processes are ended before folders are removed, since they may write into the folders.
  for (const { processGroup } of all) if (processGroup !== undefined) kill(processGroup)
  for (const { command } of all) if (command !== undefined) spawnSync(command[0], command.slice(1))
  for (const { folder } of all) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

function kill(processGroup) {
  try {
    process.kill(-processGroup, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
