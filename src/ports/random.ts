/** Where chance comes in. Contract: `unit` is in [0, 1); `bytes` are unpredictable in production, seeded in a simulation. */
export interface Random {
  unit(): number
  bytes(length: number): Uint8Array
}
