/** What a route says of itself for the OpenAPI document: types only, nothing is loaded. */

import type {} from '@fastify/swagger';
