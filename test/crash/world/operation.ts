/** What the engine asks of the file system, as tests see it: they count, fault and stop it. */

import type { OpenMode } from '../../../src/storage/disk/file-system.ts';

export type OperationKind =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'datasync'
  | 'sync'
  | 'size'
  | 'close'
  | 'rename'
  | 'unlink'
  | 'link'
  | 'list'
  | 'sizeOf'
  | 'syncDirectory'
  | 'makeDirectory'
  | 'removeDirectory'
  | 'kindOf'
  | 'freeBytes'
  | 'lock';

export interface Operation {
  readonly kind: OperationKind;
  readonly path: string;
  /** Of `open`. */
  readonly mode: OpenMode | undefined;
  readonly isSync: boolean;
  /** Of a read or write. */
  readonly bytes: number;
}

/** An error as Node gives it. */
export function systemError(code: string, operation: Operation): Error {
  const { kind, path } = operation;
  return Object.assign(new Error(`${code}: injected, ${kind} '${path}'`), { code, syscall: kind });
}
