/**
 * Seals segments in the background: a worker thread of the lowest priority that looks at the folder now and then.
 * The main thread neither packs nor hashes a byte.
 */
import { Worker } from 'node:worker_threads'
import type { Manifest } from './manifest.ts'

export type SealerOptions = {
  readonly folder: string
  /** How often the folder is looked at, in ms. Default 60 s. */
  readonly everyMs?: number
  /** Share of one core that sealing may use, above 0 up to 1. Default 0.5. */
  readonly share?: number
  readonly onSealed?: (manifest: Manifest) => void
  /** A segment could not be sealed. It stays raw, nothing is lost, and it is tried again at the next look. */
  readonly onFailed?: (failure: { readonly segment: number; readonly code: string; readonly message: string }) => void
}

/** What the worker tells. */
export type SealerMessage =
  | { readonly kind: 'sealed'; readonly manifest: Manifest }
  | { readonly kind: 'failed'; readonly segment: number; readonly code: string; readonly message: string }
  | { readonly kind: 'looked' }

export type SealerSettings = { readonly folder: string; readonly everyMs: number; readonly share: number }

export type Sealer = {
  /** Looks at the folder now; resolves when all that can be sealed is, or was tried. */
  sealNow(): Promise<void>
  /** Ends the worker. A segment being sealed stays raw and is sealed at another time. */
  close(): Promise<void>
}

/** Starts sealing the segments of a folder on the file system. */
export function startSealer(options: SealerOptions): Sealer {
  const settings: SealerSettings = {
    folder: options.folder,
    everyMs: options.everyMs ?? 60_000,
    share: options.share ?? 0.5,
  }
  // Run from source, the worker is a .ts file whose imports need the same condition; built, it is plain JavaScript.
  const isSource = import.meta.url.endsWith('.ts')
  const worker = new Worker(new URL(isSource ? './sealing-worker.ts' : './sealing-worker.js', import.meta.url), {
    workerData: settings,
    ...(isSource ? { execArgv: ['--conditions=source'] } : {}),
  })
  let waiting: (() => void)[] = []
  const release = () => {
    for (const resolve of waiting) resolve()
    waiting = []
  }
  worker.on('message', (message: SealerMessage) => {
    if (message.kind === 'sealed') options.onSealed?.(message.manifest)
    else if (message.kind === 'failed') options.onFailed?.(message)
    else release()
  })
  worker.on('error', (error) => options.onFailed?.({ segment: 0, code: 'FLOW_JOURNAL_SEAL', message: error.message }))
  worker.on('exit', release)
  worker.unref()
  return {
    sealNow: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        worker.postMessage('look')
      }),
    close: async () => {
      await worker.terminate()
    },
  }
}
