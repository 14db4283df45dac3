/** Hands a text to the user as a file, through the browser's own download. */
export function downloadText(fileName: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  // The download has its own reference by the next task.
  setTimeout(() => URL.revokeObjectURL(address), 0);
}
