/** A Unix datagram socket that receives what systemd would. Node has none; Python has, and the tests skip without it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Told = Readonly<Record<string, string>>

export type ManagerSocket = { readonly path: string; readonly told: readonly Told[]; close(): void }

/** `false`: these tests cannot run here, since python3 or systemd-notify is missing. */
export const canListen = ['python3', 'systemd-notify'].every(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
)

export async function listenAsManager(): Promise<ManagerSocket> {
  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-notify-'))
  const path = join(folder, 'notify.sock')
  const child = spawn('python3', [join(import.meta.dirname, 'manager-socket.py'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const told: Told[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) told.push(JSON.parse(line) as Told)
  })
  await once(child.stdout, 'data')
  return {
    path,
    told,
    close: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
