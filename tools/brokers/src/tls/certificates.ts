import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.js'
import { guard } from '../process/guard.js'
import { runCommand } from '../process/run-command.js'

/** A certificate authority that is made for one test, and a certificate signed by it, for 127.0.0.1 and localhost. */
export interface Certificates extends Disposable {
  /** The certificate of the authority as PEM text. Clients have to trust it. */
  readonly authority: string
  readonly authorityFile: string
  readonly serverCertificateFile: string
  readonly serverKeyFile: string
  /** Removes the files of the certificates. */
  remove(): void
}

const validDays = '2'
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes the authority and the certificate in a temporary folder, with the machine's `openssl`. */
export async function createCertificates(): Promise<Certificates> {
  if (findProgram('openssl') === undefined) {
    throw new Error('Certificates for TLS tests are made with openssl, which is not on PATH: install it')
  }
  const folder = mkdtempSync(join(tmpdir(), 'wal-certificates-'))
  const unguard = guard({ folder })
  const remove = () => {
    rmSync(folder, { recursive: true, force: true })
    unguard()
  }
  const path = (file: string) => join(folder, file)
  const openssl = (...args: string[]) => runCommand('openssl', args, { cwd: folder })
  try {
    writeFileSync(path('server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    await openssl(
      'req',
      '-x509',
      ...newKey,
      ...['-keyout', 'ca.key', '-out', 'ca.pem'],
      ...subject('Test CA'),
    )
    await openssl(
      'req',
      ...newKey,
      ...['-keyout', 'server.key', '-out', 'server.csr'],
      ...subject('localhost'),
    )
    await openssl(
      ...['x509', '-req', '-in', 'server.csr', '-out', 'server.pem', '-days', validDays],
      ...['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'server.ext'],
    )
  } catch (error) {
    remove()
    throw error
  }
  return {
    authority: readFileSync(path('ca.pem'), 'utf8'),
    authorityFile: path('ca.pem'),
    serverCertificateFile: path('server.pem'),
    serverKeyFile: path('server.key'),
    remove,
    [Symbol.dispose]: remove,
  }
}

function subject(name: string): string[] {
  return ['-days', validDays, '-subj', `/CN=${name}`]
}
