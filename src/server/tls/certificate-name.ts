/** Whom a client's certificate names, under mutual TLS. */

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** The subject's common name; undefined: there is no certificate, or not one such name. */
export function certificateNameOf(socket: Socket): string | undefined {
  // one that nobody trusted has signed does not get as far as here
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  return typeof subject?.CN === 'string' ? subject.CN : undefined;
}
