/**
 * Sizes libuv's thread pool, which is fixed at its first use: import this before anything that
 * may read a file asynchronously. 16 is what cold reads want (docs: 4 threads reach 60 % of it).
 */

const THREAD_POOL_SIZE = 16;

process.env['UV_THREADPOOL_SIZE'] ??= String(THREAD_POOL_SIZE);
