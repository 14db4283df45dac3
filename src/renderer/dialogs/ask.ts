/** Small questions to the user; each answers when its dialog closes. */
import { ElMessageBox } from 'element-plus';

interface Question {
  readonly title: string;
  readonly message: string;
  /** The button that goes ahead, a verb. */
  readonly action: string;
}

interface NameQuestion extends Question {
  readonly initial: string;
  /** What is wrong with a name, which is said below it; the dialog stays until nothing is. */
  readonly problemOf: (name: string) => string | undefined;
}

/** Asks for a name; undefined when the user gave up. */
export async function askName(question: NameQuestion): Promise<string | undefined> {
  try {
    const answer = await ElMessageBox.prompt(question.message, question.title, {
      confirmButtonText: question.action,
      cancelButtonText: 'Cancel',
      inputValue: question.initial,
      inputValidator: (text: string | undefined) => question.problemOf(text ?? '') ?? true,
    });
    return 'value' in answer ? answer.value.trim() : undefined;
  } catch {
    // Closing the dialog rejects; it is how this library says "no".
    return undefined;
  }
}

/** Asks whether to go ahead with something that cannot be undone. */
export async function askConfirmation(question: Question): Promise<boolean> {
  try {
    await ElMessageBox.confirm(question.message, question.title, {
      confirmButtonText: question.action,
      cancelButtonText: 'Cancel',
      confirmButtonClass: 'el-button--danger',
    });
    return true;
  } catch {
    // Closing the dialog rejects; it is how this library says "no".
    return false;
  }
}

/** What is to become of the changes in the form before another profile is loaded: nothing is loaded after `stay`. */
export async function askAboutChanges(canSave: boolean): Promise<'save' | 'lose' | 'stay'> {
  const title = 'Unsaved changes';
  if (!canSave) {
    const message = 'They cannot be saved as long as a field is wrong, and are lost when another profile is loaded.';
    return (await askConfirmation({ title, message, action: 'Load all the same' })) ? 'lose' : 'stay';
  }
  try {
    await ElMessageBox.confirm('They are lost when another profile is loaded, unless they are saved before.', title, {
      confirmButtonText: 'Save and load',
      cancelButtonText: 'Load without saving',
      distinguishCancelAndClose: true,
    });
    return 'save';
  } catch (closed) {
    // By Escape or its cross the dialog closes with another word than by its second button.
    return closed === 'cancel' ? 'lose' : 'stay';
  }
}
