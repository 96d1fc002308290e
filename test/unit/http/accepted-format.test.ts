import { expect, test } from 'vitest';
import { acceptedFormat } from '../../../src/http/accepted-format.ts';

const OPEN = 'application/openmetrics-text';

test.each([
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/plain', 'text'],
  ['text/html, application/json', 'text'],
  [OPEN, 'openmetrics'],
  [`${OPEN}; version=1.0.0; charset=utf-8`, 'openmetrics'],
  [
    `${OPEN};version=1.0.0;q=0.5,${OPEN};version=0.0.1;q=0.4,text/plain;q=0.3,*/*;q=0.1`,
    'openmetrics',
  ],
  [`text/plain, ${OPEN};q=0.9`, 'text'],
  [`text/plain;q=0.9, ${OPEN}`, 'openmetrics'],
  [`${OPEN.toUpperCase()}; Q=1`, 'openmetrics'],
  [`${OPEN};q=0`, 'text'],
  [`${OPEN};q=nonsense`, 'text'],
] as const)('%s: %s', (accept, format) => {
  expect(acceptedFormat(accept)).toBe(format);
});
