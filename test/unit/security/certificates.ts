/** The test certificates, as files that may be changed and as PEM. */

import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../../fixtures/tls/', import.meta.url));

/** PEM of a file of the fixtures, e.g. `ca.pem`. */
export function pemOf(file: string): Buffer {
  return readFileSync(join(FIXTURES, file));
}

/** What a client needs to trust the server, and to show a certificate. */
export function clientTls(client?: string) {
  const ca = pemOf('ca.pem');
  if (client === undefined) return { ca };
  return { ca, cert: pemOf(`${client}.pem`), key: pemOf(`${client}.key`) };
}

/** Certificate and key in a directory of their own; the key is its owner's alone. */
export class CertificateFiles {
  readonly directory: string;
  readonly cert: string;
  readonly key: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.cert = join(directory, 'cert.pem');
    this.key = join(directory, 'key.pem');
  }

  static async create(name = 'server'): Promise<CertificateFiles> {
    const files = new CertificateFiles(await mkdtemp(join(tmpdir(), 'caskd-tls-')));
    await files.put(name);
    return files;
  }

  /** Takes the certificate of this name from here on. */
  async put(name: string): Promise<void> {
    await copyFile(join(FIXTURES, `${name}.pem`), this.cert);
    await this.putKey(name);
  }

  async putKey(name: string): Promise<void> {
    await writeFile(this.key, pemOf(`${name}.key`), { mode: 0o600 });
  }

  /** The authority of the clients. */
  get clientCa(): string {
    return join(FIXTURES, 'ca.pem');
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
