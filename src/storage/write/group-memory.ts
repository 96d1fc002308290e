/** What a group needs memory for, used again by the next one: its records and its rows. */

import { GroupRows } from './group-rows.ts';

const BUFFER_BYTES_MIN = 64 * 1024;
/** Buffers up to this size are kept for the next group. */
const KEPT_BYTES_MAX = 4 << 20;

export class GroupMemory {
  buffer: Uint8Array = Buffer.allocUnsafeSlow(BUFFER_BYTES_MIN);
  /** Of the whole buffer. */
  view: DataView = viewOf(this.buffer);
  readonly rows: GroupRows = new GroupRows();

  /** Makes room for so many bytes; the first `filled` stay. */
  reserve(bytes: number, filled: number): void {
    if (bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, filled));
    this.buffer = larger;
    this.view = viewOf(larger);
  }

  /** Makes it fit for another group; false: it is too large to be kept. */
  reset(): boolean {
    return this.rows.reset() && this.buffer.length <= KEPT_BYTES_MAX;
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
