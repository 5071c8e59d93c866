// This process runs beside one that starts servers, and outlives that one by a moment: when the pipe to it closes, for
// whatever reason (kill -9 included), this process undoes what is still listed. Of the JSON lines that it reads
// { id, undo } adds to the list and { id } removes. It is plain JavaScript, so that it starts without a loader.
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
  // Processes first: they write into the folders.
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
