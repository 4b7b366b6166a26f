/** All routes. `health` has those before the line alone: that is what a recorder without the service serves. */
import type { ApiServer } from '../server/build-server.ts'
import { addAdmin } from './admin.ts'
import { addDocuments } from './documents.ts'
import { addGaps } from './gaps.ts'
import { addHealth } from './health.ts'
import { addMarkets } from './markets.ts'
import { addMetrics } from './metrics.ts'
import type { RouteContext } from './route-context.ts'
import { addSessions } from './sessions.ts'
import { addSnapshot } from './snapshot.ts'
import { addStatus } from './status.ts'

export function addRoutes(app: ApiServer, context: RouteContext): void {
  addHealth(app, context)
  addMetrics(app, context)
  if (context.options.routes === 'health') return
  addStatus(app, context)
  addMarkets(app, context)
  addSnapshot(app, context)
  addGaps(app, context)
  addSessions(app, context)
  addAdmin(app, context)
  addDocuments(app, context)
}
