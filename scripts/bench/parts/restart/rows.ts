/** Where the restarts stand among the results. */

export const TABLE = 'restart';
export const FIRST_GET = 'first GET';
export const READY = 'all served';
