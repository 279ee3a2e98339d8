/** Loaded before a script: its clock runs fifty times as fast, and so saves checkpoints every 0.4 seconds. */
const now = performance.now.bind(performance);
performance.now = () => 50 * now();
