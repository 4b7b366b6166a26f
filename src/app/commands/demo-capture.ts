/** The capture that comes with the program: one minute of six invented markets. */
import { fileURLToPath } from 'node:url'

/** What `--capture demo` names. */
export const DEMO_CAPTURE = fileURLToPath(new URL('../../../captures/demo.jsonl.gz', import.meta.url))
