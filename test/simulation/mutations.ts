/**
 * Seeded bugs: each breaks one rule of crash safety, and the standard workloads must notice. None
 * of these workloads was written for a mutation.
 */

import type { Mutation } from './mutation.ts';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'segment-without-directory-sync',
    edits: [
      {
        file: 'log/appender.ts',
        find: 'await file.sync();\n    await environment.fs.syncDirectory(directory);',
        replace: 'await file.sync();',
      },
    ],
  },
  {
    name: 'segment-header-not-synced',
    edits: [
      {
        file: 'log/appender.ts',
        find: 'await file.sync();\n    await environment.fs.syncDirectory(directory);',
        replace: 'await environment.fs.syncDirectory(directory);',
      },
    ],
  },
  {
    name: 'acknowledge-before-sync',
    edits: [
      {
        file: 'write/group-commit.ts',
        find: 'if (always) appender.syncNow();',
        replace: '',
      },
      {
        file: 'write/group-commit.ts',
        find: "if (durability === 'always') await appender.sync();",
        replace: "if (durability === 'always') void appender.sync().catch(() => {});",
      },
    ],
  },
  {
    name: 'sync-covers-what-came-after-it',
    knownTasks: [25],
    edits: [
      {
        file: 'log/appender.ts',
        find: 'if (segment === this.active) this.#proven = end;',
        replace: 'if (segment === this.active) this.#proven = Math.max(end, segment.bytes);',
      },
    ],
  },
  {
    name: 'unlink-inputs-before-manifest',
    edits: [
      {
        file: 'merge/merger.ts',
        find: 'let isReverted = false;',
        replace: `let isReverted = false;
    for (const segment of inputs) {
      await this.#parts.environment.fs.unlink(this.#parts.files.pathOf(segment));
    }`,
      },
    ],
  },
  {
    name: 'drop-tombstones-early',
    edits: [
      {
        file: 'merge/merge-job.ts',
        find: 'if (record.sequence < this.#input.survivorMin) return DROP;',
        replace: 'return DROP;',
      },
    ],
  },
  {
    name: 'expired-leaves-no-tombstone',
    edits: [
      {
        file: 'merge/merge-job.ts',
        find: 'return isTombstone ? COPY : BURY;',
        replace: 'return isTombstone ? COPY : DROP;',
      },
    ],
  },
  {
    name: 'install-copy-over-newer-write',
    knownTasks: [41, 25],
    edits: [
      {
        file: 'keydir/keydir.ts',
        find: 'if (ref === 0 || this.valueSequence(ref) !== sequence) return false;',
        replace: 'if (ref === 0) return false;',
      },
    ],
  },
  {
    name: 'retry-failed-sync',
    knownTasks: [2],
    edits: [
      {
        file: 'log/appender.ts',
        find: 'await file.datasync();\n    } catch (error) {',
        replace: 'await file.datasync().catch(() => file.datasync());\n    } catch (error) {',
      },
      {
        file: 'log/appender.ts',
        find: 'file.datasyncSync();',
        replace: `try { file.datasyncSync(); } catch { file.datasyncSync(); }`,
      },
    ],
  },
  {
    name: 'ignore-failed-sync',
    knownTasks: [2],
    edits: [
      {
        file: 'log/appender.ts',
        find: 'await file.datasync();\n    } catch (error) {\n      throw this.#noteSyncFailure(error);',
        replace: 'await file.datasync();\n    } catch (error) {\n      void error;',
      },
    ],
  },
  {
    name: 'truncate-on-middle-corruption',
    knownTasks: [15, 21],
    edits: [
      {
        file: 'recovery/segment-survey.ts',
        find: 'if (stop >= surveyor.provenMax && !isMissing) break;',
        replace:
          'void isMissing;\n    surveyor.provenMax = Math.min(surveyor.provenMax, stop);\n    break;',
      },
    ],
  },
  {
    name: 'apply-half-a-batch',
    edits: [
      {
        file: 'recovery/segment-survey.ts',
        find: 'if ((view.flags & FLAG_BATCH_CONTINUES) !== 0) continue;',
        replace: 'void FLAG_BATCH_CONTINUES;',
      },
    ],
  },
  {
    name: 'forget-batch-flag',
    edits: [
      {
        file: 'write/sequencer.ts',
        find: 'export const IN_BATCH: number = FLAG_BATCH_CONTINUES;',
        replace: 'export const IN_BATCH: number = 0 * FLAG_BATCH_CONTINUES;',
      },
    ],
  },
  {
    name: 'trust-unbound-hint',
    edits: [
      {
        file: 'format/hint-reader.ts',
        find: 'checkHintBinding(header, expected);',
        replace: 'void [checkHintBinding, expected];',
      },
    ],
  },
  {
    name: 'hint-keeps-oldest',
    knownTasks: [190],
    edits: [
      {
        file: 'merge/hint-collector.ts',
        find: 'return readU64(this.#buffer, b + SEQUENCE_AT) - readU64(this.#buffer, a + SEQUENCE_AT);',
        replace:
          'return readU64(this.#buffer, a + SEQUENCE_AT) - readU64(this.#buffer, b + SEQUENCE_AT);',
      },
    ],
  },
  {
    name: 'reuse-segment-id',
    edits: [
      {
        file: 'recovery/open-directory.ts',
        find: 'Math.max(known.nextSegmentId, scan.highestId + 1)',
        replace: 'known.segments.reduce((next, segment) => Math.max(next, segment.id + 1), 1)',
      },
    ],
  },
  {
    name: 'no-sequence-jump',
    edits: [
      {
        file: 'recovery/unsealed-recovery.ts',
        find: 'const highest = surveyed.reduce((top, { survey }) => Math.max(top, survey.highestSeen), known);',
        replace:
          'const highest = surveyed.reduce((top, { survey }) => Math.max(top, survey.last), known);',
      },
      {
        file: 'recovery/unsealed-recovery.ts',
        find: 'export const SEQUENCE_JUMP: number = 2 ** 25;',
        replace: 'export const SEQUENCE_JUMP: number = 1;',
      },
    ],
  },
  {
    name: 'proven-claimed-too-early',
    edits: [
      {
        file: 'log/appender.ts',
        find: 'return this.#planSegment === this.active ? this.#proven : 0;',
        replace: 'return this.#planOffset;',
      },
    ],
  },
  {
    name: 'unproven-tail-not-rewritten',
    edits: [
      {
        file: 'recovery/segment-survey.ts',
        find: 'const proven = isFollowed ? stop : Math.min(surveyor.provenMax, stop);',
        replace: 'const proven = isFollowed ? stop : stop;',
      },
    ],
  },
  {
    name: 'rewritten-tail-not-synced',
    edits: [
      {
        file: 'recovery/tail-rewrite.ts',
        find: 'await target.sync();\n    return bytes;',
        replace: 'return bytes;',
      },
    ],
  },
  {
    name: 'rewritten-tail-listed-without-its-entry',
    knownTasks: [5],
    edits: [
      {
        file: 'recovery/unsealed-recovery.ts',
        find: 'if (renames.length > 0) await input.environment.fs.syncDirectory(input.directory);',
        replace: '',
      },
    ],
  },
  {
    name: 'manifest-not-synced',
    edits: [{ file: 'disk/replace-file.ts', find: 'await file.sync();', replace: '' }],
  },
  {
    name: 'manifest-entry-not-synced',
    edits: [
      { file: 'disk/replace-file.ts', find: 'await fs.syncDirectory(directory);', replace: '' },
    ],
  },
  {
    name: 'old-segment-not-synced-before-next',
    knownTasks: [5],
    edits: [
      {
        file: 'log/appender.ts',
        find: 'await this.sync();\n    await next.ready;',
        replace: 'await next.ready;',
      },
    ],
  },
  {
    name: 'merge-without-log-sync',
    knownTasks: [9],
    edits: [{ file: 'merge/merger.ts', find: 'await this.#parts.syncLog();', replace: '' }],
  },
  {
    name: 'merged-output-not-synced',
    edits: [
      {
        file: 'merge/merged-writer.ts',
        find: 'await this.#file.sync();\n    await this.#file.close();',
        replace: 'await this.#file.close();',
      },
    ],
  },
  {
    name: 'values-beyond-proven-not-verified',
    edits: [
      {
        file: 'recovery/segment-survey.ts',
        find: 'if (!verifyRecordValue(scanner.buffer, view, input.salt)) return;',
        replace: 'void [verifyRecordValue, input];',
      },
    ],
  },
  {
    name: 'values-not-verified-on-read',
    knownTasks: [2],
    edits: [
      {
        file: 'read/record-reader.ts',
        find: 'view.recordBytes === recordBytes &&\n      verifyRecordValue(buffer, view, segment.salt)',
        replace: 'view.recordBytes === recordBytes && verifyRecordValue !== undefined',
      },
    ],
  },
  {
    name: 'obsolete-forgotten-before-unlink-is-durable',
    edits: [
      {
        file: 'log/manifest-store.ts',
        find: 'this.#unlinked.add(fileName);',
        replace: 'this.#obsolete.delete(fileName);',
      },
    ],
  },
  {
    name: 'failed-group-not-cut-back',
    knownTasks: [2],
    edits: [{ file: 'write/group-commit.ts', find: 'await appender.cutBack();', replace: '' }],
  },
  {
    name: 'touch-not-replayed',
    knownTasks: [26, 34, 46],
    edits: [
      {
        file: 'recovery/segment-loader.ts',
        find: "if (type === RECORD_TOUCH) segment.touches = 'some';",
        replace: 'if (type === RECORD_TOUCH) return;',
      },
    ],
  },
  {
    name: 'touch-of-an-older-value-than-it-names',
    knownTasks: [190, 105],
    edits: [
      {
        file: 'keydir/keydir-load.ts',
        find: '!this.touches.isValueMissing(row) || sequence < this.touches.valueSequence(row)',
        replace: '!this.touches.isValueMissing(row)',
      },
      {
        file: 'keydir/keydir-load.ts',
        find: 'isMissing || this.valueSequence(ref) < valueSequence',
        replace: 'isMissing',
      },
    ],
  },
  {
    name: 'touch-of-the-open-log-taken-into-its-put',
    knownTasks: [42],
    edits: [
      {
        file: 'merge/verdicts.ts',
        find: 'this.#keydir.sequence(ref) > touchesUpTo ||',
        replace: '(touchesUpTo > 0 && false) ||',
      },
    ],
  },
  {
    name: 'merge-drops-touches-that-are-needed',
    knownTasks: [190, 54],
    edits: [
      {
        file: 'merge/merge-job.ts',
        find: 'if (type === RECORD_TOUCH && verdict !== CURRENT_TOUCH) return DROP;',
        replace: 'if (type === RECORD_TOUCH) return DROP;',
      },
    ],
  },
  {
    name: 'clear-takes-the-next-write-along',
    edits: [
      {
        file: 'keydir/keydir-load.ts',
        find: 'if (sequence < this.#voidBelow) return true;',
        replace: 'if (sequence < this.#voidBelow + 2) return true;',
      },
    ],
  },
];
