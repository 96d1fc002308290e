import { expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../src/errors/error-codes.ts';
import { statusOf } from '../../../src/http/http-status.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

test.each(CODES)('%s has a status of an error, which agrees on whether to try again', (code) => {
  const status = statusOf(code);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
  // "bad request" and the like tell a client that trying again is of no use
  if (ERROR_CODES[code].retryable) expect([400, 404, 413, 501, 505]).not.toContain(status);
});
