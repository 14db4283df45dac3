/** What a test can ask of the app that runs against the stand-in for `electron`. */

export type ShellCommand =
  | { readonly kind: 'record' }
  | {
      readonly kind: 'invoke';
      readonly from: 'page' | 'sub-frame' | 'foreign-page' | 'other-window' | 'gone';
      readonly channel: string;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'request'; readonly url: string; readonly method?: string }
  | { readonly kind: 'permission'; readonly name: string }
  | { readonly kind: 'load'; readonly url: string }
  | {
      readonly kind: 'navigate';
      readonly event: 'will-navigate' | 'will-frame-navigate' | 'will-redirect';
      readonly url: string;
      readonly isMainFrame?: boolean;
    }
  | { readonly kind: 'open-window'; readonly url: string }
  | { readonly kind: 'attach-webview' }
  | { readonly kind: 'emit'; readonly event: 'window-all-closed' | 'second-instance' }
  | { readonly kind: 'turn-dark' }
  /** The page's process ends; `answer` is the button that the person presses when asked. */
  | { readonly kind: 'crash'; readonly reason: string; readonly answer: number }
  /** The page ends up somewhere else, against all guards. */
  | { readonly kind: 'leave' };

/** What the app has done so far. */
export interface ShellRecord {
  sandboxEnabled: boolean;
  readonly paths: Record<string, string>;
  readonly schemes: unknown[];
  /** Options of each window. */
  readonly windows: Record<string, unknown>[];
  readonly loadedUrls: string[];
  focused: number;
  readonly backgrounds: string[];
  readonly channels: string[];
  /** Messages to the page: channel and arguments. */
  readonly sent: unknown[][];
  readonly errorBoxes: [string, string][];
  /** Questions to the person. */
  readonly messageBoxes: { readonly detail: string; readonly buttons: readonly string[] }[];
  closedWindows: number;
}
