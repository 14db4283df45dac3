import { ref, watch, type Ref } from 'vue';

/**
 * The text of an input whose model is a number. What the user types stays as typed as long as it means the model's
 * value (`1.0` is not rewritten to `1`); another value from outside replaces it.
 */
export function useParsedText(
  value: () => number,
  parse: (text: string) => number,
  format: (value: number) => string,
): Ref<string> {
  const text = ref(format(value()));
  watch(value, (next) => {
    if (!Object.is(parse(text.value), next)) text.value = format(next);
  });
  return text;
}
