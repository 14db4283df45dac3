import { onBeforeUnmount, onMounted, ref, watchEffect, type Ref } from 'vue';

/** What draws: gets a context scaled to CSS pixels, and the canvas's width in them. */
export type Paint = (context: CanvasRenderingContext2D, width: number) => void;

/**
 * Keeps a canvas as wide as its parent, sharp on any screen, and painted: `paint` runs again whenever something reactive that
 * it read has changed. Returns the width in CSS pixels, 0 before the first layout.
 */
export function useCanvas(
  canvas: Readonly<Ref<HTMLCanvasElement | undefined>>,
  height: () => number,
  paint: Paint,
): Readonly<Ref<number>> {
  const width = ref(0);
  let observer: ResizeObserver | undefined;
  onMounted(() => {
    const parent = canvas.value?.parentElement;
    if (!parent) return;
    observer = new ResizeObserver(() => {
      width.value = parent.clientWidth;
    });
    observer.observe(parent);
    width.value = parent.clientWidth;
  });
  onBeforeUnmount(() => observer?.disconnect());
  watchEffect(
    () => {
      const element = canvas.value;
      const context = element?.getContext('2d');
      if (!element || !context || width.value === 0) return;
      const scale = window.devicePixelRatio;
      element.width = Math.round(width.value * scale);
      element.height = Math.round(height() * scale);
      element.style.width = `${width.value}px`;
      element.style.height = `${height()}px`;
      context.setTransform(scale, 0, 0, scale, 0, 0);
      paint(context, width.value);
    },
    { flush: 'post' },
  );
  return width;
}
