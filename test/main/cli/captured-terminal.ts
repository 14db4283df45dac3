/** Runs command lines in this process against a real lab, and keeps what they print. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../../src/main/cli/cli.ts';
import type { ExitCode } from '../../../src/main/cli/exit-code.ts';
import type { Lab } from '../../../src/main/lab/lab.ts';
import type { Profile } from '../../../src/shared/profile.ts';
import { openSmallLab } from '../lab/small-lab.ts';

export interface Printed {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface Circumstances {
  readonly dataFolder?: string;
  /** Of the built dashboard; without it there is none. */
  readonly dashboardFolder?: string;
  readonly isInteractive?: boolean;
  /** Called with everything printed so far, and with what is Ctrl-C. */
  readonly onPrint?: (text: string, interrupt: () => void) => void;
  readonly onLab?: (lab: Lab, interrupt: () => void) => void;
}

/** `lab ARGS` to its end. */
export async function cli(args: readonly string[], circumstances: Circumstances = {}): Promise<Printed> {
  const interrupted = new AbortController();
  const interrupt = (): void => {
    interrupted.abort();
  };
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    openLab: async () => {
      const lab = await openSmallLab(circumstances.dataFolder);
      circumstances.onLab?.(lab, interrupt);
      return lab;
    },
    dashboardFolder: circumstances.dashboardFolder ?? '/nowhere',
    version: '9.8.7',
    terminal: {
      out: (text) => void (out += text),
      err: (text) => {
        err += text;
        circumstances.onPrint?.(err, interrupt);
      },
      isInteractive: circumstances.isInteractive ?? false,
      interrupted: interrupted.signal,
    },
  });
  return { code, out, err };
}

/** `profile` as a file in `folder`: what can be given to `run` by path. */
export function profileFile(folder: string, profile: Profile): string {
  const path = join(folder, 'profile.json');
  writeFileSync(path, JSON.stringify(profile));
  return path;
}
