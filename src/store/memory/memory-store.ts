/**
 * The store's database in memory that breaks as often as the contract lets it: a real adapter for simulations, with the
 * schema's tables and keys, transactions, and one writer at a time.
 *
 * It checks no CHECK constraint and no foreign key, has no partitions, and its limits on statements are those of its user.
 */
import type { StoreConnection, StoreDatabase } from '../writer/store-database.ts'
import { MemoryConnection } from './memory-connection.ts'
import { MemoryTables } from './memory-tables.ts'

export class MemoryStore extends MemoryTables implements StoreDatabase {
  async connect(): Promise<StoreConnection> {
    const fault = await this.fault('connect')
    if (fault === undefined) return new MemoryConnection(this)
    // Who connects waits only so long by himself.
    if (fault === 'hang') await this.late()
    const code = fault === 'hang' ? 'ETIMEDOUT' : 'ECONNREFUSED'
    throw Object.assign(new Error(`connect ${code}`), { code })
  }
}
