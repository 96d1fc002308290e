/** What users may do, in steps: each role has all rights of those before it. */

/** In rising order. */
export const ROLES = ['read', 'write', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What an operation asks for; `anyone` is served before authentication too. */
export type NeededRole = 'anyone' | Role;

const RANKS: Readonly<Record<NeededRole, number>> = { anyone: 0, read: 1, write: 2, admin: 3 };

/** Rights as a number: whoever has at least the rank of a role has that role. */
export function rankOf(role: NeededRole): number {
  return RANKS[role];
}

export function isRole(text: unknown): text is Role {
  return ROLES.some((role) => role === text);
}
