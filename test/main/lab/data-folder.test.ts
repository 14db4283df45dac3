import { homedir } from 'node:os';
import { expect, it } from 'vitest';
import { userDataFolder } from '../../../src/main/lab/data-folder.ts';

it('follows the XDG base directory specification on Linux', () => {
  expect(userDataFolder({ XDG_DATA_HOME: '/data' }, 'linux')).toBe('/data/percpu-lab');
  expect(userDataFolder({}, 'linux')).toBe(`${homedir()}/.local/share/percpu-lab`);
  expect(userDataFolder({ XDG_DATA_HOME: 'relative' }, 'linux')).toBe(`${homedir()}/.local/share/percpu-lab`);
  expect(userDataFolder({ XDG_DATA_HOME: '' }, 'linux')).toBe(`${homedir()}/.local/share/percpu-lab`);
});

it('is the one that PERCPU_LAB_DATA names, when it names one', () => {
  expect(userDataFolder({ PERCPU_LAB_DATA: '/mine', XDG_DATA_HOME: '/data' }, 'linux')).toBe('/mine');
  expect(userDataFolder({ PERCPU_LAB_DATA: '', XDG_DATA_HOME: '/data' }, 'linux')).toBe('/data/percpu-lab');
});
