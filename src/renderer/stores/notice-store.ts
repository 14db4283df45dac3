import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { LabError, Result } from '../../shared/result.ts';

/** A sentence for the user that stays until it is closed. */
export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'done';
  /** What was tried: `Profile could not be saved`. */
  readonly title: string;
  readonly message: string;
  readonly where?: string | undefined;
}

/** Notices that are shown at once; older ones give way. */
const MOST = 4;

/** What went wrong or was done, for the user to read; every action of the other stores reports here. */
export const useNoticeStore = defineStore('notices', () => {
  const notices = ref<readonly Notice[]>([]);
  let lastId = 0;

  function add(notice: Omit<Notice, 'id'>): void {
    lastId += 1;
    const others = notices.value.filter((old) => old.title !== notice.title || old.message !== notice.message);
    notices.value = [...others, { ...notice, id: lastId }].slice(-MOST);
  }

  /** Shows an expected failure with what was tried. */
  function reportError(title: string, error: LabError): void {
    add({ kind: 'error', title, message: error.message, where: error.where });
  }

  /** Shows what was done. */
  function reportDone(title: string, message = ''): void {
    add({ kind: 'done', title, message });
  }

  /** The value of a result; undefined after its failure was reported. */
  function valueOf<T>(title: string, result: Result<T>): T | undefined {
    if (result.ok) return result.value;
    reportError(title, result.error);
    return undefined;
  }

  /** Takes one away. */
  function close(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }

  return { notices, reportError, reportDone, valueOf, close };
});
