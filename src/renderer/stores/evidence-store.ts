import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { toBase64 } from '../../shared/base64.ts';
import { type EvidenceFile, type EvidenceKind, MAX_PIECE_BYTES } from '../../shared/evidence-contract.ts';
import type { FileCheck } from '../../shared/geometry-check.ts';
import type { LabError, Result } from '../../shared/result.ts';
import { useLab } from '../lab-key.ts';

/** What is needed of a file that was dropped or picked: the browser's own fits. */
export interface DroppedFile {
  readonly name: string;
  readonly size: number;
  readonly slice: (start: number, end: number) => { readonly arrayBuffer: () => Promise<ArrayBuffer> };
}

export type EvidenceState =
  | { readonly kind: 'sending'; readonly sentBytes: number }
  | { readonly kind: 'ready'; readonly file: EvidenceFile; readonly check?: FileCheck | undefined }
  | { readonly kind: 'refused'; readonly error: LabError };

/** A file on its way to the lab, or there. */
export interface EvidenceItem {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: EvidenceState;
}

/** Files of kernel evidence that the user has brought; boot logs are checked as soon as they are there. */
export const useEvidenceStore = defineStore('evidence', () => {
  const lab = useLab();
  const items = shallowRef<readonly EvidenceItem[]>([]);
  const selectedId = ref<number>();
  const selected = computed(() => items.value.find(({ id }) => id === selectedId.value));
  let lastId = 0;

  const isThere = (id: number): boolean => items.value.some((item) => item.id === id);

  function setState(id: number, state: EvidenceState): void {
    items.value = items.value.map((item) => (item.id === id ? { ...item, state } : item));
  }

  /** Files of one kind that the lab has. */
  function ofKind(kind: EvidenceKind): readonly (EvidenceItem & { readonly state: { readonly kind: 'ready' } })[] {
    return items.value.flatMap((item) =>
      item.state.kind === 'ready' && item.state.file.kind === kind ? [{ ...item, state: item.state }] : [],
    );
  }

  /** Brings files to the lab, one after another, and selects the most telling; answers with those that arrived. */
  async function add(files: readonly DroppedFile[]): Promise<readonly EvidenceItem[]> {
    const added = files.map((file) => {
      lastId += 1;
      return { file, item: newItem(lastId, file) };
    });
    items.value = [...items.value, ...added.map(({ item }) => item)];
    selectedId.value = added[0]?.item.id ?? selectedId.value;
    for (const { file, item } of added) await bring(item.id, file);
    const arrived = items.value.filter(
      ({ id, state }) => state.kind === 'ready' && added.some((a) => a.item.id === id),
    );
    const trace = arrived.find(({ state }) => state.kind === 'ready' && state.file.kind === 'trace');
    selectedId.value = (trace ?? arrived[0])?.id ?? selectedId.value;
    return arrived;
  }

  async function bring(id: number, file: DroppedFile): Promise<void> {
    if (!isThere(id)) return;
    const opened = await lab.openUpload({ name: file.name, sizeBytes: file.size });
    if (!opened.ok) {
      setState(id, { kind: 'refused', error: opened.error });
      return;
    }
    const { fileId } = opened.value;
    const sent = await send(id, fileId, file);
    if (!isThere(id)) {
      await lab.dropEvidence({ fileId });
      return;
    }
    const closed = sent.ok ? await lab.closeUpload({ fileId }) : sent;
    if (!closed.ok) {
      setState(id, { kind: 'refused', error: closed.error });
      return;
    }
    await arrive(id, closed.value);
  }

  /** All pieces in turn; ends early when the file was removed meanwhile. */
  async function send(id: number, fileId: string, file: DroppedFile): Promise<Result<unknown>> {
    for (let offsetBytes = 0; offsetBytes < file.size && isThere(id); offsetBytes += MAX_PIECE_BYTES) {
      const piece = await readPiece(file, offsetBytes);
      if (!piece.ok) return piece;
      const sent = await lab.sendUpload({ fileId, offsetBytes, base64: toBase64(piece.value) });
      if (!sent.ok) return sent;
      setState(id, { kind: 'sending', sentBytes: sent.value.receivedBytes });
    }
    return { ok: true, value: undefined };
  }

  async function arrive(id: number, file: EvidenceFile): Promise<void> {
    setState(id, { kind: 'ready', file });
    if (file.kind !== 'boot-log') return;
    const check = await lab.checkGeometry({ fileId: file.fileId });
    if (check.ok) setState(id, { kind: 'ready', file, check: check.value });
    else setState(id, { kind: 'refused', error: check.error });
  }

  function select(id: number): void {
    selectedId.value = id;
  }

  /** Takes a file away, here and in the lab; one that is being sent is cancelled. */
  async function remove(id: number): Promise<void> {
    const item = items.value.find((each) => each.id === id);
    items.value = items.value.filter((each) => each.id !== id);
    if (selectedId.value === id) selectedId.value = items.value.at(-1)?.id;
    if (item?.state.kind === 'ready') await lab.dropEvidence({ fileId: item.state.file.fileId });
  }

  return { items, selected, selectedId, ofKind, add, select, remove };
});

function newItem(id: number, file: DroppedFile): EvidenceItem {
  return { id, name: file.name, sizeBytes: file.size, state: { kind: 'sending', sentBytes: 0 } };
}

/** Fails when the file has gone or changed since it was dropped. */
async function readPiece(file: DroppedFile, offsetBytes: number): Promise<Result<Uint8Array>> {
  try {
    const piece = file.slice(offsetBytes, Math.min(offsetBytes + MAX_PIECE_BYTES, file.size));
    return { ok: true, value: new Uint8Array(await piece.arrayBuffer()) };
  } catch {
    const message = `${file.name} cannot be read: it is a folder, or has changed since it was dropped`;
    return { ok: false, error: { code: 'bad-input', message } };
  }
}
