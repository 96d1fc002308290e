/** The torture found what must never be: a lost or invented write, or a daemon that misbehaves. */
export class TortureError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TortureError';
  }
}
