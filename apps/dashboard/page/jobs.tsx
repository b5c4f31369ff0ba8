/** Bull Board, in the frame of the page and under the same login. */
export function Jobs() {
  return <iframe class="jobs" src="/queues" title="Jobs of the queue, in Bull Board" />;
}
