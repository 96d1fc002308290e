/** The server: the wire protocol over a store. */

export { placeForBackup } from './backup-place.ts';
export { LimitedSession } from './limited-session.ts';
export { CaskServer, type ListenOptions, listen } from './listener.ts';
export type { OperationLatencies, OperationLatency } from './operation-latencies.ts';
export type { ServedConfiguration } from './served-configuration.ts';
export type { ServedStore } from './served-store.ts';
export type { ServerLimits } from './server-limits.ts';
export type { ServerIdentity } from './server-services.ts';
export { allFacts, type ServerStats } from './server-stats.ts';
export { certificateNameOf } from './tls/certificate-name.ts';
export { type TlsFiles, TlsIdentity } from './tls/tls-identity.ts';
