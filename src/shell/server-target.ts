/**
 * Which server a shell talks to, and as whom: flags over the URL's own parts over the environment.
 * Passwords come from the URL, the environment or a prompt, never from a flag, and are kept apart
 * from what is shown.
 */

import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import type { ConnectOptions } from '../client/index.ts';
import type { Flags } from './commands/command.ts';
import { UsageError } from './exit-codes.ts';
import type { ShellIo } from './shell-io.ts';

export const URL_DEFAULT = 'cask://127.0.0.1:7117';

/** Paths of PEM files. */
export interface TargetTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface ServerTarget {
  /** Without user and password: it may be shown. */
  readonly url: string;
  readonly user: string | undefined;
  /** Missing for a user: it is to be asked for. */
  readonly password: string | undefined;
  readonly tls: TargetTls;
}

/** The flags of the program that say which server, and as whom. */
export function targetOptions(env: ShellIo['env']): Option[] {
  const url = env['CASKD_URL'] || URL_DEFAULT;
  return [
    // what help shows as the default must not hold a password
    new Option('--url <url>', 'the server; casks:// for TLS (also CASKD_URL)').default(
      url,
      publicUrl(url),
    ),
    new Option('--user <name>', 'who asks; the password is asked for, or CASKCTL_PASSWORD'),
    new Option('--tls-ca <file>', "who signs the server's certificate, PEM (also CASKCTL_TLS_CA)"),
    new Option('--tls-cert <file>', "the client's own certificate, PEM (also CASKCTL_TLS_CERT)"),
    new Option('--tls-key <file>', 'its private key, PEM (also CASKCTL_TLS_KEY)'),
  ];
}

/** @throws UsageError */
export function targetFrom(flags: Flags, env: ShellIo['env']): ServerTarget {
  const url = flags.text('url') ?? URL_DEFAULT;
  const inUrl = credentialsIn(url);
  const user = flags.text('user') ?? inUrl.user ?? (env['CASKCTL_USER'] || undefined);
  const isOwnPassword = inUrl.user === undefined || inUrl.user === user;
  const password = (isOwnPassword ? inUrl.password : undefined) ?? env['CASKCTL_PASSWORD'];
  return {
    url: publicUrl(url),
    user,
    // a password without a user is of no use, and may be there for another program
    password: user === undefined ? undefined : password,
    tls: {
      ca: flags.text('tlsCa') || env['CASKCTL_TLS_CA'] || undefined,
      cert: flags.text('tlsCert') || env['CASKCTL_TLS_CERT'] || undefined,
      key: flags.text('tlsKey') || env['CASKCTL_TLS_KEY'] || undefined,
    },
  };
}

/** The URL without user and password, however wrong it is otherwise. */
export function publicUrl(url: string): string {
  return url.replace(/^([\w+.-]*:\/\/)?.*@/s, '$1');
}

function credentialsIn(url: string): Partial<Record<'user' | 'password', string>> {
  const parsed = URL.parse(url);
  if (parsed === null) return {};
  const [user, password] = [parsed.username, parsed.password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw new UsageError('user or password in the URL: % needs two hex digits');
    }
  });
  return { ...(user ? { user } : {}), ...(password ? { password } : {}) };
}

/** What `connect` takes: a URL in the clear ignores the files, which may be there for another. */
export function connectOptionsOf({ url, user, password, tls }: ServerTarget): ConnectOptions {
  const given = { url, user, password };
  if (!url.startsWith('casks:')) return given;
  return {
    ...given,
    tls: { ca: fileOf(tls.ca), cert: fileOf(tls.cert), key: fileOf(tls.key) },
  };
}

function fileOf(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
