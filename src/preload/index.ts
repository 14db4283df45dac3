/** Runs in the window before its page: puts the lab's contract on `window`, and nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import { LAB_GLOBAL } from '../shared/door.ts';
import { createLabBridge } from './lab-bridge.ts';

contextBridge.exposeInMainWorld(LAB_GLOBAL, createLabBridge(ipcRenderer));
