import { dirname, join } from 'node:path'
import type { File, FileSystem } from '@wal/walimpls'
import { SimulatedFile } from './simulated-file.js'

export interface DiskCounts {
  crashes: number
  tornSectors: number
  lostNames: number
  returnedNames: number
  ioErrors: number
  spaceErrors: number
}

/**
 * A disk in memory. Bytes and names that were not synced are kept apart and may
 * be lost, kept or garbled, sector by sector and name by name, when the power fails. `mount` makes the file system of a
 * simulated process; after `kill` or `crash` its calls never settle, as those of a dead process.
 */
export class SimulatedDisk {
  readonly counts: DiskCounts = {
    crashes: 0,
    tornSectors: 0,
    lostNames: 0,
    returnedNames: 0,
    ioErrors: 0,
    spaceErrors: 0,
  }
  /** Whether the disk is full: then no write succeeds and no file can be made. */
  full = false
  /** The probability that a durable write fails with EIO. */
  ioErrorRate = 0
  private visibleNames = new Map<string, SimulatedFile>()
  private stableNames = new Map<string, SimulatedFile>()
  private readonly folders = new Set<string>(['/'])
  private readonly watchers = new Set<{ directory: string; changed: () => void }>()

  constructor(private readonly random: () => number) {}

  mount(): { files: FileSystem; kill: () => void } {
    const process = { alive: true }
    return {
      files: new MountedFiles(this, process),
      kill: () => {
        process.alive = false
      },
    }
  }

  /**
   * Makes the power fail. Every mount must have been killed before. For each sector or name that was not synced, a number of
   * `random` below 0.5 keeps it, and one near 1 loses it.
   */
  crash(random = this.random): void {
    this.counts.crashes++
    const survivors = new Map<string, SimulatedFile>()
    for (const path of new Set([...this.visibleNames.keys(), ...this.stableNames.keys()])) {
      const visible = this.visibleNames.get(path)
      const stable = this.stableNames.get(path)
      const node = visible === stable ? visible : random() < 0.5 ? visible : stable
      if (node !== undefined) survivors.set(path, node)
      if (visible !== stable && visible !== undefined && node !== visible) this.counts.lostNames++
      if (visible === undefined && node !== undefined) this.counts.returnedNames++
    }
    for (const node of survivors.values()) this.counts.tornSectors += node.losePower(random)
    this.visibleNames = survivors
    this.stableNames = new Map(survivors)
    this.watchers.clear()
  }

  /** A copy of the disk with everything synced, so that a test can damage the same log in many ways. */
  copy(): SimulatedDisk {
    const other = new SimulatedDisk(this.random)
    for (const folder of this.folders) other.folders.add(folder)
    for (const [path, { visible }] of this.visibleNames) {
      const node = new SimulatedFile(Buffer.from(visible))
      other.visibleNames.set(path, node)
      other.stableNames.set(path, node)
    }
    return other
  }

  /** Makes only the first `synced` bytes of the one segment durable. With 0 its name is not durable either. */
  forgetSync(synced: number): void {
    for (const [path, node] of this.visibleNames) {
      if (!path.endsWith('.seg')) continue
      node.stable = Buffer.from(node.visible.subarray(0, synced))
      if (synced === 0) this.stableNames.delete(path)
    }
  }

  /** The bytes of a file, for tests that damage them. */
  bytesOf(path: string): Buffer {
    const node = this.visibleNames.get(path)
    if (node === undefined) throw failure('ENOENT', path)
    return node.visible
  }

  paths(): string[] {
    return [...this.visibleNames.keys()].sort()
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** Waits a random number of turns, sometimes very many, so that other processes make steps between two of one process. */
  async pause(longest = 4): Promise<void> {
    const stalled = this.random() < 0.01
    for (let turns = Math.floor(this.random() * (stalled ? 80 : longest)); turns > 0; turns--)
      await new Promise<void>((resolve) => setImmediate(resolve))
  }

  exists(path: string): boolean {
    return this.folders.has(path) || this.visibleNames.has(path)
  }

  open(path: string, mode: 'read' | 'write' | 'create'): SimulatedFile {
    const node = this.visibleNames.get(path)
    if (mode !== 'create') {
      if (node === undefined) throw failure('ENOENT', path)
      return node
    }
    if (node !== undefined) throw failure('EEXIST', path)
    if (!this.folders.has(dirname(path))) throw failure('ENOENT', path)
    if (this.full && this.random() < 0.5) throw this.noSpace(path)
    const created = new SimulatedFile(Buffer.alloc(0))
    this.visibleNames.set(path, created)
    this.changed(path)
    return created
  }

  list(directory: string): string[] {
    if (!this.folders.has(directory)) throw failure('ENOENT', directory)
    const inside = [...this.visibleNames.keys(), ...this.folders].filter(
      (path) => path !== '/' && dirname(path) === directory,
    )
    return inside.map((path) => path.slice(join(directory, '/').length))
  }

  makeDirectory(path: string): void {
    this.folders.add(path)
  }

  syncDirectory(directory: string): void {
    for (const path of this.stableNames.keys())
      if (dirname(path) === directory && !this.visibleNames.has(path)) this.stableNames.delete(path)
    for (const [path, node] of this.visibleNames)
      if (dirname(path) === directory) this.stableNames.set(path, node)
  }

  sizeOf(path: string): number | undefined {
    return this.visibleNames.get(path)?.visible.length
  }

  rename(from: string, to: string): void {
    const node = this.visibleNames.get(from)
    if (node === undefined) throw failure('ENOENT', from)
    this.visibleNames.delete(from)
    this.visibleNames.set(to, node)
    this.changed(to)
  }

  link(file: string, path: string): void {
    const node = this.visibleNames.get(file)
    if (node === undefined) throw failure('ENOENT', file)
    if (this.visibleNames.has(path)) throw failure('EEXIST', path)
    this.visibleNames.set(path, node)
    this.changed(path)
  }

  remove(path: string, recursive: boolean): void {
    if (this.folders.has(path)) {
      if (!recursive) throw failure('ERR_FS_EISDIR', path)
      this.folders.delete(path)
      for (const file of this.visibleNames.keys()) if (dirname(file) === path) this.visibleNames.delete(file)
    } else if (!this.visibleNames.delete(path)) throw failure('ENOENT', path)
    this.changed(path)
  }

  watch(directory: string, changed: () => void): { close(): void } {
    const watcher = { directory, changed }
    this.watchers.add(watcher)
    return { close: () => void this.watchers.delete(watcher) }
  }

  changed(path: string): void {
    for (const watcher of this.watchers) if (watcher.directory === dirname(path)) watcher.changed()
  }

  noSpace(path: string): Error {
    this.counts.spaceErrors++
    return failure('ENOSPC', path)
  }
}

class MountedFiles implements FileSystem {
  constructor(
    private readonly disk: SimulatedDisk,
    private readonly process: { alive: boolean },
  ) {}

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    await this.step()
    const node = this.disk.open(path, mode)
    await this.step()
    return new MountedFile(path, node, this.disk, (longest) => this.step(longest))
  }

  existsNow(path: string): boolean {
    return this.disk.exists(path)
  }

  lookNow(path: string): { identity: string; size: number } | undefined {
    const size = this.disk.sizeOf(path)
    return size === undefined ? undefined : { identity: path, size }
  }

  /** On this disk the identity of a file is its path. */
  async identity(path: string): Promise<string> {
    await this.step()
    this.disk.list(path)
    return path
  }

  async isShared(): Promise<boolean> {
    return false
  }

  async list(directory: string): Promise<string[]> {
    await this.step()
    const names = this.disk.list(directory)
    await this.step()
    return names
  }

  async makeDirectory(path: string): Promise<void> {
    await this.step()
    this.disk.makeDirectory(path)
  }

  async syncDirectory(path: string): Promise<void> {
    await this.step(30)
    this.disk.syncDirectory(path)
    await this.step()
  }

  async rename(from: string, to: string): Promise<void> {
    await this.step()
    this.disk.rename(from, to)
    await this.step()
  }

  async link(file: string, path: string): Promise<void> {
    await this.step()
    this.disk.link(file, path)
    await this.step()
  }

  async remove(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    await this.step()
    this.disk.remove(path, options?.recursive ?? false)
    await this.step()
  }

  watch(directory: string, changed: () => void): { close(): void } {
    return this.disk.watch(directory, () => {
      if (this.process.alive) changed()
    })
  }

  private async step(longest?: number): Promise<void> {
    await this.disk.pause(longest)
    if (!this.process.alive) await new Promise<never>(() => {})
  }
}

class MountedFile implements File {
  private errorsSeen: number

  constructor(
    readonly path: string,
    private readonly node: SimulatedFile,
    private readonly disk: SimulatedDisk,
    private readonly step: (longest?: number) => Promise<void>,
  ) {
    this.errorsSeen = node.errors
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    await this.step()
    const bytes = this.node.visible.subarray(position, position + into.length)
    into.set(bytes)
    await this.step()
    return bytes.length
  }

  async writeDurably(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const bytes = Buffer.concat(chunks)
    // The bytes reach the cache piece by piece, and other processes can read in between.
    const grows = position + bytes.length > this.node.visible.length
    const cut = this.disk.full && grows ? Math.floor(bytes.length / 3) : bytes.length
    const middle = Math.min(cut, Math.floor(bytes.length * 0.6))
    await this.step()
    this.show(bytes.subarray(0, middle), position)
    await this.step()
    this.show(bytes.subarray(middle, cut), position + middle)
    if (cut < bytes.length) throw this.disk.noSpace(this.path)
    // The sync takes time. Meanwhile the bytes can be read, and a power loss can lose them.
    await this.step(30)
    if (this.disk.chance(this.disk.ioErrorRate)) {
      this.disk.counts.ioErrors++
      this.node.errors++
      this.errorsSeen = this.node.errors
      this.node.dropped.push({ from: position, to: position + bytes.length })
      throw failure('EIO', this.path)
    }
    this.node.makeStable(position, position + bytes.length)
    await this.step()
  }

  async sync(): Promise<void> {
    await this.step()
    if (this.errorsSeen !== this.node.errors) {
      this.errorsSeen = this.node.errors
      throw failure('EIO', this.path)
    }
    this.node.makeStable(0, this.node.visible.length)
    await this.step()
  }

  async truncate(size: number): Promise<void> {
    await this.step()
    this.node.resize(size)
  }

  async size(): Promise<number> {
    await this.step()
    return this.node.visible.length
  }

  async close(): Promise<void> {
    await this.step()
  }

  private show(bytes: Buffer, position: number): void {
    this.node.show(bytes, position)
    this.disk.changed(this.path)
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code })
}
