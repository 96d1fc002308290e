/**
 * What a listener shows of itself under TLS: certificate and key, and whose clients' certificates
 * it trusts. Read from files, and read anew when they change; connections that are open keep what
 * they began with. Files that cannot be used change nothing: what was there before stays.
 */

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import { FileChanges, type SecurityLog } from '../../security/index.ts';

export interface TlsFiles {
  /** The certificate, with what leads to its root behind it: PEM. */
  readonly cert: string;
  /** Its private key, without a pass phrase: PEM. */
  readonly key: string;
  /** Those who sign the clients' certificates; with it a client must have one: PEM. */
  readonly clientCa?: string | undefined;
}

export interface TlsIdentityOptions {
  readonly files: TlsFiles;
  readonly log: SecurityLog;
  /** How often to look whether the files have changed. @default 1000 */
  readonly lookIntervalMs?: number;
}

/** A listener: `tls.Server`, `https.Server`. */
export interface TlsListener {
  setSecureContext(options: SecureContextOptions): void;
}

const VERSION_MIN = 'TLSv1.2';
/** What is recorded today stays secret when the key leaks: no key exchange but ephemeral ones. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
].join(':');
/** What everyone else may do with the key. */
const EVERYONE_BITS = 0o007;
const DAY_MS = 24 * 3600 * 1000;
/** A certificate that ends sooner is warned of. */
const EXPIRY_NOTICE_MS = 14 * DAY_MS;

export class TlsIdentity {
  readonly #options: TlsIdentityOptions;
  readonly #listeners = new Set<TlsListener>();
  #context: SecureContextOptions = {};
  #changes: FileChanges | undefined;
  #reloading: Promise<void> = Promise.resolve();

  /** @throws CaskError INVALID_OPTION when the files cannot be used */
  static async open(options: TlsIdentityOptions): Promise<TlsIdentity> {
    const identity = new TlsIdentity(options);
    const { files, lookIntervalMs } = options;
    identity.#changes = await FileChanges.watch({
      paths: Object.values(files).filter((path) => path !== undefined),
      onChange: () => identity.reload(),
      ...(lookIntervalMs === undefined ? {} : { intervalMs: lookIntervalMs }),
    });
    try {
      identity.#context = await identity.#read();
    } catch (thrown) {
      identity.close();
      throw thrown;
    }
    return identity;
  }

  private constructor(options: TlsIdentityOptions) {
    this.#options = options;
  }

  /** Clients must show a certificate. */
  get asksClients(): boolean {
    return this.#options.files.clientCa !== undefined;
  }

  /** For `tls.createServer` and `https.createServer`. */
  get serverOptions(): SecureContextOptions & {
    requestCert: boolean;
    rejectUnauthorized: boolean;
  } {
    const { asksClients } = this;
    return { ...this.#context, requestCert: asksClients, rejectUnauthorized: asksClients };
  }

  /** The listener gets every later certificate. */
  attach(listener: TlsListener): void {
    this.#listeners.add(listener);
  }

  detach(listener: TlsListener): void {
    this.#listeners.delete(listener);
  }

  /** Reads the files anew, after a reading that is underway. Never fails. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload());
    return this.#reloading;
  }

  close(): void {
    this.#changes?.close();
    this.#listeners.clear();
  }

  async #reload(): Promise<void> {
    const { log } = this.#options;
    try {
      this.#context = await this.#read();
      for (const listener of this.#listeners) listener.setSecureContext(this.#context);
    } catch (thrown) {
      log('error', 'certificate-not-loaded', { reason: toCaskError(thrown).message });
    }
  }

  async #read(): Promise<SecureContextOptions> {
    const { cert, key, clientCa } = this.#options.files;
    await checkKeyMode(key);
    const context: SecureContextOptions = {
      cert: await readPem(cert),
      key: await readPem(key),
      ...(clientCa === undefined ? {} : { ca: await readPem(clientCa) }),
      minVersion: VERSION_MIN,
      ciphers: CIPHERS,
    };
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(context.cert as Buffer);
      // refuses a key that does not belong to the certificate
      createSecureContext(context);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      const places = [cert, key, clientCa].filter((path) => path !== undefined).join(', ');
      throw new CaskError('INVALID_OPTION', `TLS files ${places}: ${why}`, { cause: thrown });
    }
    this.#tell(certificate);
    return context;
  }

  #tell({ subject, validTo, validToDate, fingerprint256 }: X509Certificate): void {
    const { log } = this.#options;
    const facts = { subject: subject.replaceAll('\n', ', '), validTo, fingerprint256 };
    log('info', 'certificate-loaded', facts);
    const leftMs = validToDate.getTime() - Date.now();
    if (leftMs < EXPIRY_NOTICE_MS) {
      log('warn', 'certificate-expires', { validTo, daysLeft: Math.floor(leftMs / DAY_MS) });
    }
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw unusable(path, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

async function checkKeyMode(path: string): Promise<void> {
  let mode: number;
  try {
    ({ mode } = await stat(path));
  } catch (thrown) {
    throw unusable(path, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
  if ((mode & EVERYONE_BITS) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  throw unusable(path, `its mode is ${shown}, so everyone can get at the key: chmod 600 ${path}`);
}

function unusable(path: string, why: string, cause?: unknown): CaskError {
  return new CaskError('INVALID_OPTION', `TLS file ${path}: ${why}`, { cause });
}
