import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.js'
import { guard } from '../process/guard.js'
import { runCommand } from '../process/run-command.js'

/**
 * A certificate authority that is made for one test, and two certificates signed by it: of a server at 127.0.0.1 and localhost,
 * and of a client with the name `CN=client`.
 */
export interface Certificates extends Disposable {
  /** The certificate of the authority as PEM text. Clients have to trust it. */
  readonly authority: string
  readonly authorityFile: string
  readonly serverCertificateFile: string
  readonly serverKeyFile: string
  readonly clientCertificateFile: string
  readonly clientKeyFile: string
  /** Removes the files of the certificates. */
  remove(): void
}

const validDays = '2'
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes the authority and the certificates in a temporary folder, with the machine's `openssl`. */
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
    for (const [name, subjectName] of [
      ['server', 'localhost'],
      ['client', 'client'],
    ] as const) {
      await openssl(
        'req',
        ...newKey,
        ...['-keyout', `${name}.key`, '-out', `${name}.csr`],
        ...subject(subjectName),
      )
      await openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-days', validDays],
        ...['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
        ...(name === 'server' ? ['-extfile', 'server.ext'] : []),
      )
    }
  } catch (error) {
    remove()
    throw error
  }
  return {
    authority: readFileSync(path('ca.pem'), 'utf8'),
    authorityFile: path('ca.pem'),
    serverCertificateFile: path('server.pem'),
    serverKeyFile: path('server.key'),
    clientCertificateFile: path('client.pem'),
    clientKeyFile: path('client.key'),
    remove,
    [Symbol.dispose]: remove,
  }
}

function subject(name: string): string[] {
  return ['-days', validDays, '-subj', `/CN=${name}`]
}
