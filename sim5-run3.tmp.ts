import { MemoryDisk, openCursor } from '#journal'
import { simulate } from '/tmp/wt/sim5/test/simulation/simulation.ts'
let disk: any
const orig = MemoryDisk.prototype.list
MemoryDisk.prototype.list = function (p) { disk = this; return orig.call(this, p) }
await simulate(Number(process.argv[2]))
const [seg, off] = [Number(process.argv[3]), Number(process.argv[4])]
for await (const b of openCursor({ disk, folder: '/journal', from: {segment: seg, offset: 0}, until: {segment: seg+1, offset: 4000} })) while (b.next()) { const t = b.body().toString().replace(/\n/g,''); if (b.segment===seg && b.recordOffset<=off || b.type===11) console.log(b.segment, b.recordOffset, b.type, b.connection, t.slice(0, 160)) }
