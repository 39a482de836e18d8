/** Reads the files that somebody dropped or chose: several at once, and those of folders. */

import { isCaptionFile } from './caption-files.ts';

/** A file, and its handle if the browser has one. With a handle it can be read after a reload. */
export interface ChosenFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
}

/** The files to upload, and how many were left out because they are empty or no videos. */
export interface Choice {
  readonly files: readonly ChosenFile[];
  /** Caption files, which belong to a video. */
  readonly captions: readonly File[];
  readonly leftOut: number;
}

/** Extensions of videos that browsers know no media type of. */
const VIDEO_EXTENSIONS =
  /\.(3gp|avi|dv|f4v|flv|gxf|m2t|m2ts|m2v|m4v|mkv|mov|mp4|mpeg|mpg|mts|mxf|ogv|ts|vob|webm|wmv)$/i;

interface Found extends ChosenFile {
  readonly isFromFolder: boolean;
}

/** The parts of a dropped item that this module uses; not every browser has both. */
interface DroppedItem {
  readonly kind: string;
  getAsFile(): File | null;
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  webkitGetAsEntry?(): FileSystemEntry | null;
}

/** Whether a drag has files, so that it can be an upload. */
export function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes('Files') ?? false;
}

/** Reads dropped files and folders. The items are gone after the event, so all are read at once. */
export async function readDrop(items: Iterable<DroppedItem>): Promise<Choice> {
  const found = [...items].filter(({ kind }) => kind === 'file').map(readItem);
  return choose((await Promise.all(found)).flat());
}

/** Reads the files of an `<input type=file>`. Those of a folder have a relative path. */
export function readInput(files: Iterable<File>): Choice {
  return choose([...files].map((file) => ({ file, isFromFolder: file.webkitRelativePath !== '' })));
}

/** Reads the files of the browser's file picker. */
export async function readHandles(handles: readonly FileSystemFileHandle[]): Promise<Choice> {
  const found = handles.map(async (handle) => ({
    file: await handle.getFile(),
    handle,
    isFromFolder: false,
  }));
  return choose(await Promise.all(found));
}

/** Somebody who chooses a file wants that file. A folder has others beside the videos. */
function choose(found: readonly Found[]): Choice {
  const isWanted = ({ file, isFromFolder }: Found) =>
    file.size > 0 &&
    !file.name.startsWith('.') &&
    (!isFromFolder || isVideo(file) || isCaptionFile(file));
  const wanted = found.filter(isWanted);
  const videos = wanted.filter(({ file }) => !isCaptionFile(file));
  return {
    files: videos.map(({ file, handle }) => ({ file, handle })),
    captions: wanted.flatMap(({ file }) => (isCaptionFile(file) ? [file] : [])),
    leftOut: found.length - wanted.length,
  };
}

function isVideo(file: File): boolean {
  return file.type.startsWith('video/') || VIDEO_EXTENSIONS.test(file.name);
}

async function readItem(item: DroppedItem): Promise<Found[]> {
  // Both must be called before the first `await`.
  const handle = item.getAsFileSystemHandle?.().catch(() => null);
  const entry = item.webkitGetAsEntry?.();
  const file = item.getAsFile();
  const found = await handle;
  if (found) return readHandle(found, false);
  if (entry?.isDirectory) return readEntry(entry);
  return file ? [{ file, isFromFolder: false }] : [];
}

async function readHandle(handle: FileSystemHandle, isFromFolder: boolean): Promise<Found[]> {
  if (handle.kind === 'file') {
    const fileHandle = handle as FileSystemFileHandle;
    return [{ file: await fileHandle.getFile(), handle: fileHandle, isFromFolder }];
  }
  const found: Found[] = [];
  const folder = handle as FileSystemDirectoryHandle & {
    values(): AsyncIterable<FileSystemHandle>;
  };
  for await (const member of folder.values()) found.push(...(await readHandle(member, true)));
  return found;
}

async function readEntry(entry: FileSystemEntry): Promise<Found[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ file, isFromFolder: true }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  for (;;) {
    // One call returns at most 100 entries in Chromium.
    const members = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (!members.length) return found;
    for (const member of members) found.push(...(await readEntry(member)));
  }
}
