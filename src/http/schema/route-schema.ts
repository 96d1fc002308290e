/** What a route says of itself for the OpenAPI document, besides what it takes and gives. */

import type {} from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** Absent: the route is not in the document. */
    readonly tags?: readonly string[];
    readonly summary?: string;
    readonly description?: string;
    readonly operationId?: string;
    readonly deprecated?: boolean;
    /** Not in the document. */
    readonly hide?: boolean;
  }
}
