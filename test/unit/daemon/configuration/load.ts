/** Loads a configuration from words, variables and the text of a file. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import {
  type Configuration,
  type ConfigurationInputs,
  configurationInputs,
  loadConfiguration,
} from '../../../../src/daemon/configuration/configuration.ts';
import { UsageError } from '../../../../src/daemon/usage-error.ts';

const directory = mkdtempSync(join(tmpdir(), 'caskd-configuration-'));
afterAll(() => rmSync(directory, { recursive: true }));

export const MEMORY_BYTES = 8 * 1024 ** 3;

export function inputs(
  args: readonly string[],
  environment: Record<string, string> = {},
): ConfigurationInputs {
  return configurationInputs(['node', 'caskd', ...args], environment, MEMORY_BYTES);
}

export function load(
  args: readonly string[],
  environment: Record<string, string> = {},
): Configuration {
  return loadConfiguration(inputs(args, environment));
}

/** What is said of a configuration that is wrong. */
export function problemsOf(
  args: readonly string[],
  environment: Record<string, string> = {},
): UsageError {
  try {
    load(args, environment);
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown;
    throw thrown;
  }
  throw new Error('no problem was found');
}

/** Writes the file; one at a time. @returns its path */
export function file(text: string): string {
  const path = join(directory, 'caskd.toml');
  writeFileSync(path, text);
  return path;
}
