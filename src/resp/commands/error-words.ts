/** What Redis says, word for word. */

export const SYNTAX = 'ERR syntax error';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const NOT_A_FLOAT = 'ERR value is not a valid float';
export const OVERFLOW = 'ERR increment or decrement would overflow';
export const NO_SUCH_KEY = 'ERR no such key';
export const DB_OUT_OF_RANGE = 'ERR DB index is out of range';
export const TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';

export function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`;
}

export function invalidExpire(name: string): string {
  return `ERR invalid expire time in '${name}' command`;
}

export function unknownSubcommand(command: string, subcommand: string): string {
  const help = command.toUpperCase();
  return `ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try ${help} HELP.`;
}
