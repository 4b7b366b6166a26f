/** How far a long reading has come, on a terminal's standard error, from its second second on. */
const SHOWN_AFTER_MS = 1_000
const EVERY_MS = 250
const CLEAR = '\r\u001b[2K'

export type Progress = {
  /** Bytes read so far and in all. */
  tell(done: number, total: number): void
  /** The line is taken away. */
  end(): void
}

/** `what`: one word. Nothing is shown where standard error is no terminal. */
export function showProgress(what: string): Progress {
  const startedMs = performance.now()
  let shownMs = startedMs + SHOWN_AFTER_MS - EVERY_MS
  let isShown = false
  return {
    tell(done, total) {
      const nowMs = performance.now()
      if (process.stderr.isTTY !== true || nowMs - shownMs < EVERY_MS) return
      shownMs = nowMs
      isShown = true
      const seconds = (nowMs - startedMs) / 1000
      const rate = (done / 1e6 / seconds).toFixed(0)
      const left = done === 0 ? '?' : Math.max(0, Math.round((seconds * (total - done)) / done))
      const percent = Math.min(100, Math.floor((100 * done) / Math.max(1, total)))
      process.stderr.write(`${CLEAR}${what}: ${percent} %, ${rate} MB/s, ${left} s left`)
    },
    end() {
      if (isShown) process.stderr.write(CLEAR)
    },
  }
}
