import { fileBuilder } from '/work/main/packages/impl-file/src/index.ts'
import { systemRuntime } from '@wal/walimpls'
const opener = await fileBuilder.build({path:'/work/tmp-filebench', segmentBytes: 64<<20}, systemRuntime)
const ro=await opener.openReadOnly('orders')
for(let r=0;r<5;r++){
const t=performance.now()
const s=ro.read({start:'oldest',maxBytes:1<<20})
let n=0
for(;;){const b=await s.next(); if(!b||b.length===0)break; for(const m of b){n++; if(m.id.value!==n) throw new Error('x')}}
const ms=performance.now()-t
console.log('read',n,(n/ms*1000)|0,'/s')
await s.close()
}
await opener.close()
