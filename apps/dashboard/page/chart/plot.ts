import uPlot from "uplot";
import { count } from "../figures.js";
import type { Rates } from "./rates.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

/** Seconds between two marks of the time axis. */
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/** A line over time, in the colours of the theme. */
export interface Plot {
  show(rates: Rates): void;
  close(): void;
}

export function makePlot(place: HTMLElement): Plot {
  let plot = draw(place, { times: [], values: [] });
  let shown: Rates = { times: [], values: [] };
  const anew = () => {
    plot.destroy();
    plot = draw(place, shown);
  };
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", anew);
  let font = fontOf(place);
  const resized = new ResizeObserver(() => {
    if (fontOf(place) === font)
      plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    else anew();
    font = fontOf(place);
  });
  resized.observe(place);
  return {
    show: (rates) => {
      shown = rates;
      plot.setData([rates.times, rates.values]);
    },
    close: () => {
      theme.removeEventListener("change", anew);
      resized.disconnect();
      plot.destroy();
    },
  };
}

function fontOf(place: HTMLElement): string {
  const { fontSize, fontFamily } = getComputedStyle(place);
  return `${fontSize} ${fontFamily}`;
}

function draw(place: HTMLElement, rates: Rates): uPlot {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = fontOf(place);
  const em = Number.parseFloat(style.fontSize);
  const axis = {
    stroke: colour("--ink-2"),
    font,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return new uPlot(
    {
      width: place.clientWidth,
      height: place.clientHeight,
      legend: { show: false },
      cursor: { y: false, points: { size: 8 } },
      padding: [8, em * 2.5, 0, 0],
      scales: { y: { range: (_, __, max) => [0, Math.max(10, max * 1.1)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: em * 2.2,
          space: em * 7,
          incrs: TIME_STEPS,
          values: (_, ticks) => ticks.map((tick) => clock.format(tick * 1_000)),
        },
        { ...axis, size: em * 5, values: (_, ticks) => ticks.map(count) },
      ],
      series: [
        {},
        {
          stroke: colour("--accent"),
          fill: colour("--accent-soft"),
          width: 2,
          points: { show: false },
        },
      ],
    },
    [rates.times, rates.values],
    place,
  );
}
