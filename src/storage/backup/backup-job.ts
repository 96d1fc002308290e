/**
 * Takes a backup of sealed segments, which nobody changes any more: gives each of their files a
 * second name, or copies it, checks it, and lists it. A function over the seam; a worker thread
 * only hosts it.
 *
 * In this order, so that an unfinished backup is never taken for one: the files into a directory
 * `NAME.tmp`, durably; MANIFEST; BACKUP, the list of them all; the name. A file that the last
 * backup has already is taken from there, and its checksum with it.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { Environment, JobPort } from '../disk/environment.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import { replaceFile } from '../disk/replace-file.ts';
import { Throttle } from '../disk/throttle.ts';
import { type BackupFile, encodeBackupList } from '../format/backup-list.ts';
import {
  BACKUP,
  hintName,
  MANIFEST,
  parseFileName,
  segmentName,
  TMP_SUFFIX,
} from '../format/file-names.ts';
import { type DamageFacts, writeManifest } from '../format/manifest.ts';
import { type CheckedSegment, type CheckProgress, checkRecords } from '../scrub/record-check.ts';
import {
  type FoundBackup,
  listBackups,
  removeBackup,
  removeUnfinished,
} from './backup-directory.ts';
import type { BackupJobInput, BackupJobMessage, BackupJobResult } from './backup-input.ts';
import { copyFile, digestFile } from './file-copy.ts';

/** How the link of a file fails where it cannot have a second name: it is copied then. */
const NO_LINK: ReadonlySet<string | undefined> = new Set([
  'EXDEV',
  'EPERM',
  'EMLINK',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

/** Left free by copies: a store on the same disk must not run out of space. */
const SPARE_BYTES = 16 << 20;

export async function runBackupJob(
  environment: Environment,
  port: JobPort,
  input: BackupJobInput,
): Promise<void> {
  await new BackupJob(environment, port, input).run();
}

/** A file that is in the backup. */
interface PlacedFile {
  readonly name: string;
  readonly bytes: number;
  /** Undefined: it is to be read yet. */
  readonly sha256: string | undefined;
}

class BackupJob {
  readonly #environment: Environment;
  readonly #port: JobPort;
  readonly #input: BackupJobInput;
  readonly #throttle: Throttle;
  /** The directory while it is unfinished. */
  readonly #path: string;
  readonly #files: BackupFile[] = [];
  /** What has a second name only, and is to be read. */
  readonly #unread: { readonly file: PlacedFile; readonly segment?: CheckedSegment }[] = [];
  readonly #damage: DamageFacts[] = [];
  /** Files of the last backup, by name. */
  readonly #earlier = new Map<string, BackupFile>();
  #earlierPath = '';
  #isLinked = false;
  #mayLink: boolean;
  #bytesDone = 0;
  #bytesCopied = 0;
  #bytesReused = 0;

  constructor(environment: Environment, port: JobPort, input: BackupJobInput) {
    this.#environment = environment;
    this.#port = port;
    this.#input = input;
    this.#throttle = new Throttle(environment, input.bytesPerSecond);
    this.#path = `${input.target}/${input.name}${TMP_SUFFIX}`;
    this.#mayLink = !input.copies;
  }

  async run(): Promise<void> {
    const { fs } = this.#environment;
    const { target, name, segments } = this.#input;
    await removeUnfinished(fs, target);
    await this.#findEarlier();
    await fs.makeDirectory(this.#path);
    for (const segment of segments) await this.#place(segment);
    await fs.syncDirectory(this.#path);
    for (const { file, segment } of this.#unread.splice(0)) await this.#read(file, segment);
    await this.#writeManifest();
    await this.#writeList();
    await fs.rename(this.#path, `${target}/${name}`);
    await fs.syncDirectory(target);
    const removed = await this.#removeOld();
    const result: BackupJobResult = {
      type: 'backed-up',
      files: this.#files.length,
      bytes: this.#files.reduce((sum, file) => sum + file.bytes, 0),
      bytesCopied: this.#bytesCopied,
      bytesReused: this.#bytesReused,
      damaged: this.#damaged(),
      damage: this.#damage,
      removed,
    };
    this.#tell(result);
  }

  #tell(message: BackupJobMessage): void {
    this.#port.post({ ...message });
  }

  async #advance(bytes: number): Promise<void> {
    this.#bytesDone += bytes;
    this.#tell({ type: 'progress', bytesDone: this.#bytesDone });
    await this.#throttle.wait(this.#bytesDone);
  }

  /** The last backup of this store; for copies, one that shares no file with the store. */
  async #findEarlier(): Promise<void> {
    const { copies, full } = this.#input;
    if (full) return;
    const last = (await this.#backups()).filter(({ list }) => !copies || !list.isLinked).at(-1);
    if (last === undefined) return;
    this.#earlierPath = last.path;
    const damaged = new Set(last.list.damaged);
    for (const file of last.list.files) {
      if (file.name === MANIFEST || damaged.has(parseFileName(file.name)?.id ?? 0)) continue;
      this.#earlier.set(file.name, file);
      this.#isLinked = last.list.isLinked;
    }
  }

  async #backups(): Promise<FoundBackup[]> {
    const all = await listBackups(this.#environment.fs, this.#input.target);
    return all.filter(({ list }) => list.uuid === this.#input.facts.uuid);
  }

  async #place(segment: CheckedSegment): Promise<void> {
    const { id, kind } = segment;
    const isDamaged = this.#input.damaged.includes(id);
    const name = segmentName(kind, id);
    // Of what is damaged there may be less.
    const bytes = isDamaged ? await this.#sizeOf(name) : segment.bytes;
    await this.#placeFile({ name, bytes, sha256: undefined }, isDamaged ? undefined : segment);
    try {
      const hint = hintName(id);
      await this.#placeFile({ name: hint, bytes: await this.#sizeOf(hint), sha256: undefined });
    } catch (error) {
      // It is not written yet; the restored store writes its own.
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
    this.#tell({ type: 'placed', segment: id });
  }

  async #sizeOf(name: string): Promise<number> {
    const bytes = await this.#environment.fs.sizeOf(`${this.#input.directory}/${name}`);
    if (bytes !== undefined) return bytes;
    throw Object.assign(new Error(`ENOENT: there is no ${name}`), { code: 'ENOENT' });
  }

  /** @param segment is verified, when it does not come from the last backup */
  async #placeFile(file: PlacedFile, segment?: CheckedSegment): Promise<void> {
    const { name, bytes } = file;
    const earlier = this.#earlier.get(name);
    const isSame = earlier !== undefined && earlier.bytes === bytes;
    if (isSame && (await this.#link(`${this.#earlierPath}/${name}`, file))) {
      this.#files.push(earlier);
      this.#bytesReused += bytes;
      this.#bytesDone += bytes;
      return;
    }
    if (this.#mayLink && (await this.#link(`${this.#input.directory}/${name}`, file))) {
      this.#isLinked = true;
      this.#unread.push(segment === undefined ? { file } : { file, segment });
      return;
    }
    await this.#copy(file);
    if (segment !== undefined) await this.#verify(segment);
  }

  /** False: the file cannot have a second name here, or is not what it should be. */
  async #link(source: string, { name, bytes }: PlacedFile): Promise<boolean> {
    const { fs } = this.#environment;
    try {
      // A file of the store may be longer than its segment.
      if ((await fs.sizeOf(source)) !== bytes) return false;
      await fs.link(source, `${this.#path}/${name}`);
      return true;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return false;
      if (!NO_LINK.has(code)) throw error;
      const isOfStore = source.startsWith(`${this.#input.directory}/`);
      if (isOfStore && code !== 'EMLINK') this.#mayLink = false;
      return false;
    }
  }

  async #copy({ name, bytes }: PlacedFile): Promise<void> {
    const { fs } = this.#environment;
    const { directory, target } = this.#input;
    const free = await fs.freeBytes(target);
    if (free < bytes + SPARE_BYTES) {
      const message = `${target} has ${free} bytes free, too few for ${name} (${bytes} bytes)`;
      throw new CaskError('NO_SPACE', message);
    }
    const onBytes = (count: number): Promise<void> => this.#advance(count);
    const path = `${this.#path}/${name}`;
    const sha256 = await copyFile(fs, `${directory}/${name}`, path, bytes, onBytes);
    this.#bytesCopied += bytes;
    this.#files.push({ name, bytes, sha256 });
  }

  /** Reads a file that has a second name only, twice: the second time from the page cache. */
  async #read({ name, bytes }: PlacedFile, segment: CheckedSegment | undefined): Promise<void> {
    let done = 0;
    if (segment !== undefined) {
      await this.#verify(segment, (bytesDone) => {
        const count = bytesDone - done;
        done = bytesDone;
        return this.#advance(count);
      });
    }
    const path = `${this.#path}/${name}`;
    const onBytes = (count: number): Promise<void> | undefined =>
      segment === undefined ? this.#advance(count) : undefined;
    const sha256 = await digestFile(this.#environment.fs, path, bytes, onBytes);
    this.#files.push({ name, bytes, sha256 });
  }

  /** A copy of what is damaged already is worth nothing: now it can be told. */
  async #verify(segment: CheckedSegment, onProgress?: CheckProgress): Promise<void> {
    const found = await checkRecords(this.#environment, this.#path, segment, onProgress);
    this.#damage.push(...found);
  }

  #damaged(): number[] {
    const found = this.#damage.map(({ segment }) => segment);
    return [...new Set([...this.#input.damaged, ...found])].sort((a, b) => a - b);
  }

  async #writeManifest(): Promise<void> {
    const { fs } = this.#environment;
    const { manifest } = this.#input;
    const damage = [...manifest.damage, ...this.#damage];
    await writeManifest(fs, this.#path, { ...manifest, damage });
    const bytes = (await fs.sizeOf(`${this.#path}/${MANIFEST}`)) ?? 0;
    const sha256 = await digestFile(fs, `${this.#path}/${MANIFEST}`, bytes);
    this.#files.push({ name: MANIFEST, bytes, sha256 });
  }

  async #writeList(): Promise<void> {
    const { facts } = this.#input;
    const files = this.#files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const list = { ...facts, isLinked: this.#isLinked, damaged: this.#damaged(), files };
    const bytes = encodeBackupList(list);
    await replaceFile(this.#environment.fs, this.#path, BACKUP, (file) =>
      file.write(bytes, 0, bytes.length, 0),
    );
  }

  /** One with damage does not push out those without. */
  async #removeOld(): Promise<string[]> {
    const { keep } = this.#input;
    if (keep === 0 || this.#damaged().length > 0) return [];
    const removed: string[] = [];
    for (const backup of (await this.#backups()).slice(0, -keep)) {
      await removeBackup(this.#environment.fs, backup);
      removed.push(backup.name);
    }
    return removed;
  }
}
